// Schema steps: an old store opens, with a copy kept; a failing step leaves everything as it was.
#include "sessions/migrations.h"

#include <gmock/gmock.h>

#include "sessions/embedded_sql.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::HasSubstr;

class MigrationsTest : public StoreTest {
 protected:
  static int64_t count(const Database& database, const std::string& table) {
    return database.integer("SELECT count(*) FROM " + table);
  }
  const SchemaStep people_{.number = 1, .name = "001_people", .sql = "CREATE TABLE people (name TEXT);"};
  const SchemaStep ages_{
      .number = 2, .name = "002_ages", .sql = "ALTER TABLE people ADD COLUMN age INTEGER; UPDATE people SET age = 7;"};
  const SchemaStep broken_{
      .number = 3, .name = "003_broken", .sql = "CREATE TABLE pets (name TEXT); UPDATE none SET x = 1;"};
};

TEST_F(MigrationsTest, TheEmbeddedStepsAreNumberedFromOne) {
  const auto steps = schema_steps();
  ASSERT_GE(steps.size(), 2u);
  EXPECT_EQ(steps[0].number, 1);
  EXPECT_EQ(steps[0].name, "001_tables");
  EXPECT_THAT(std::string(steps[0].sql), HasSubstr("CREATE TABLE runs"));
  EXPECT_THROW(query("no_such_query"), std::logic_error);
}

TEST_F(MigrationsTest, AnOldStoreIsCopiedAndThenUpgraded) {
  const Database database(path_, Database::Mode::create);
  const std::vector<SchemaStep> old_steps = {people_};
  EXPECT_TRUE(upgrade_schema(database, old_steps).empty());
  database.execute("INSERT INTO people VALUES ('Ada')");

  const std::vector<SchemaStep> new_steps = {people_, ages_};
  const std::filesystem::path backup = upgrade_schema(database, new_steps);
  EXPECT_EQ(schema_version(database), 2);
  EXPECT_EQ(database.integer("SELECT age FROM people WHERE name = 'Ada'"), 7);
  EXPECT_EQ(backup, path_.string() + ".before-schema-2.bak");
  const Database copy(backup, Database::Mode::read);
  EXPECT_EQ(schema_version(copy), 1);
  EXPECT_EQ(count(copy, "people"), 1);
  EXPECT_TRUE(upgrade_schema(database, new_steps).empty());  // nothing more to do
}

TEST_F(MigrationsTest, ABackupNeverReplacesAnother) {
  const Database database(path_, Database::Mode::create);
  upgrade_schema(database, std::vector<SchemaStep>{people_});
  std::ofstream(path_.string() + ".before-schema-2.bak") << "an earlier copy";
  EXPECT_EQ(upgrade_schema(database, std::vector<SchemaStep>{people_, ages_}),
            path_.string() + ".before-schema-2-2.bak");
}

TEST_F(MigrationsTest, AFailingStepChangesNothing) {
  const Database database(path_, Database::Mode::create);
  upgrade_schema(database, std::vector<SchemaStep>{people_});
  database.execute("INSERT INTO people VALUES ('Ada')");
  const std::vector<SchemaStep> steps = {people_, ages_, broken_};
  store_error([&] { upgrade_schema(database, steps); });
  EXPECT_EQ(schema_version(database), 1);
  EXPECT_EQ(count(database, "people"), 1);
  EXPECT_EQ(count(database, "sqlite_schema WHERE name = 'pets'"), 0);
  EXPECT_EQ(count(database, "pragma_table_info('people')"), 1);  // not even step 2's column
}

TEST_F(MigrationsTest, AStoreOfSchemaOneOpensForReadersAndWriters) {
  for (const auto access : {SessionStore::Access::read, SessionStore::Access::write}) {
    std::filesystem::remove(path_);
    {
      const Database database(path_, Database::Mode::create);
      const auto steps = schema_steps();
      upgrade_schema(database, std::span(steps).first(1));
      database.execute(
          "INSERT INTO runs (name, started_at, updated_at, state, num_parameters) VALUES ('old', '', '', 'finished', "
          "3)");
    }
    const SessionStore store(path_, access);
    EXPECT_EQ(schema_version(store.database()), static_cast<int64_t>(schema_steps().size()));
    EXPECT_TRUE(std::filesystem::exists(store.backup()));
    const auto runs = RunReader(store).list_runs();
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(runs[0].name, "old");
    EXPECT_EQ(store.writable(), access == SessionStore::Access::write);
  }
}

}  // namespace
}  // namespace moescope
