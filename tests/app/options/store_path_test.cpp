// Where the session store is, and where the program's own files are.
#include "app/options/store_path.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "assets/assets.h"
#include "compute/records/error.h"
#include "support/temp_folder.h"

namespace {

using namespace moescope;

/// Sets an environment variable for a test and puts the old value back.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(StorePath, FollowsTheXdgRules) {
  const Variable home("HOME", "/home/ada");
  {
    const Variable data("XDG_DATA_HOME", "/data");
    EXPECT_EQ(store_path(""), "/data/moescope/sessions.db");
    EXPECT_EQ(store_path("here.db"), "here.db");
  }
  const Variable relative("XDG_DATA_HOME", "data");  // relative paths do not count
  EXPECT_EQ(store_path(""), "/home/ada/.local/share/moescope/sessions.db");
  const Variable none("HOME", nullptr);
  EXPECT_THROW(store_path(""), UserError);
}

TEST(Assets, FoundInTheTreeOrWhereTheVariableSays) {
  EXPECT_TRUE(std::filesystem::exists(asset_path("presets/default.json")));
  EXPECT_THROW(asset_path("presets/no-such.json"), UserError);
  const TempFolder folder;
  folder.make_folder("presets");
  const Variable chosen("MOESCOPE_ASSETS", folder.path().c_str());
  EXPECT_EQ(asset_path("presets"), folder / "presets");
  const Variable wrong("MOESCOPE_ASSETS", "/no/such/folder");  // not the ones of another place, without a word
  EXPECT_THROW(asset_path("presets"), UserError);
}

}  // namespace
