// JSON with the actions as one string of digits: a game has at most 18 actions, written 0-9 and a-h.
#include "app/agents/episode_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "compute/records/error.h"
#include "compute/records/output_file.h"

namespace moescope {
namespace {

constexpr int kVersion = 1;
constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";

std::string_view name_of(PlayedBy by) {
  return by == PlayedBy::hand ? "hand" : by == PlayedBy::changed ? "experts off" : "agent";
}

}  // namespace

std::filesystem::path write_episode(const PlayedEpisode& episode, int64_t run_id, const std::filesystem::path& folder) {
  make_folder(folder);
  const std::string stem = episode.game + "-run" + std::to_string(run_id) + "-step" +
                           std::to_string(episode.weights_step) + "-episode" + std::to_string(episode.number);
  std::filesystem::path path = folder / (stem + ".json");
  for (int i = 2; std::filesystem::exists(path); ++i) path = folder / (stem + "-" + std::to_string(i) + ".json");
  std::string actions;
  for (const uint8_t action : episode.actions) actions += kDigits.at(action);
  const nlohmann::ordered_json json = {{"moescope_episode", kVersion},
                                       {"game", episode.game},
                                       {"run", run_id},
                                       {"weights_step", episode.weights_step},
                                       {"seed", episode.seed},
                                       {"number", episode.number},
                                       {"played_by", name_of(episode.by)},
                                       {"experts_off", episode.experts_off},
                                       {"return", episode.episode_return},
                                       {"over", episode.over},
                                       {"actions", actions}};
  write_file(path, json.dump(1) + "\n");
  return path;
}

PlayedEpisode read_episode(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw UserError(path.string() + " cannot be read; give a file that F4 kept (Ctrl+E)");
  try {
    const nlohmann::json json = nlohmann::json::parse(file);
    if (json.at("moescope_episode").get<int>() > kVersion)
      throw UserError(path.string() + " was written by a newer moescope; update moescope");
    PlayedEpisode episode;
    episode.game = json.at("game"), episode.seed = json.at("seed"), episode.number = json.at("number");
    episode.weights_step = json.at("weights_step"), episode.episode_return = json.at("return");
    episode.over = json.at("over"), episode.experts_off = json.at("experts_off");
    const std::string by = json.at("played_by");
    episode.by = by == "hand" ? PlayedBy::hand : by == "agent" ? PlayedBy::agent : PlayedBy::changed;
    for (const char c : json.at("actions").get<std::string>()) {
      const size_t action = kDigits.find(c);
      if (action == std::string_view::npos) throw UserError(path.string() + ": '" + c + "' is no action");
      episode.actions.push_back(static_cast<uint8_t>(action));
    }
    return episode;
  } catch (const nlohmann::json::exception& error) {
    throw UserError(path.string() + " is no episode that moescope kept: " + error.what());
  }
}

}  // namespace moescope
