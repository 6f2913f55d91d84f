// Seaquest: a submarine saves divers, shoots fish and other submarines, and must surface before its oxygen ends.
//
// Two things of the original are kept because a trace shows them: removing an entity from a list removes the first one
// that is equal to it, and surfacing with six divers leaves one less than none.
#include <algorithm>
#include <vector>

#include "compute/rl/minatar_game.h"

namespace moescope::rl {

namespace {

constexpr int kMostOxygen = 200, kFirstSpawnInterval = 20, kDiverSpawnInterval = 30, kFirstMoveInterval = 5,
              kDiverMoveInterval = 5, kReload = 5, kShotInterval = 10, kMostDivers = 6, kLowestRow = 8;

/// A fish, submarine, diver or bullet.
struct Swimmer {
  Cell at;
  bool to_right = true;
  int move_in = 0, shot_in = 0;
  bool operator==(const Swimmer&) const = default;

  /// False when it leaves the field.
  bool advance() {
    at.x += to_right ? 1 : -1;
    return at.x >= 0 && at.x < kSide;
  }
};

using Swimmers = std::vector<Swimmer>;

/// One swimmer at hand while its list is walked from the last to the first. Its changes go back into the list.
class Visit {
 public:
  Visit(Swimmers& list, size_t index) : list_(list), index_(index), one_(list[index]) {}
  ~Visit() {
    if (!gone_) list_[index_] = one_;
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  Swimmer* operator->() { return &one_; }
  const Swimmer& operator*() const { return one_; }

  /// Removes the first that is equal. When that is another one, this one moves up into the place that the walk visits
  /// next, and is visited again.
  void remove() {
    list_[index_] = one_;
    const auto first = std::find(list_.begin(), list_.end(), one_);
    gone_ = static_cast<size_t>(first - list_.begin()) == index_;
    list_.erase(first);
    if (!gone_) --index_;
  }

 private:
  Swimmers& list_;
  size_t index_;
  Swimmer one_;
  bool gone_ = false;
};

template <class Body>
void from_last_to_first(Swimmers& list, Body&& body) {
  for (size_t i = list.size(); i-- > 0;) {
    Visit one(list, i);
    body(one);
  }
}

/// Removes the first one that stands there, if any.
bool take_at(Swimmers& from, Cell at) {
  const auto found = std::find_if(from.begin(), from.end(), [&](const Swimmer& one) { return one.at == at; });
  if (found == from.end()) return false;
  from.erase(found);
  return true;
}

class Seaquest : public MinAtarGame {
 public:
  explicit Seaquest(const GameRules& rules) : ramping_(rules.difficulty_ramping) {}

  const Info& info() const override {
    static const Info info{"seaquest",
                           {"front", "back", "own bullet", "trail", "enemy bullet", "fish", "submarine", "oxygen",
                            "divers aboard", "diver"},
                           {Move::none, Move::left, Move::up, Move::right, Move::down, Move::fire}};
    return info;
  }

  void reset(Draws&) override;
  int act(Move move, Draws& draws) override;
  void draw(Frame& frame) const override;
  int difficulty() const override { return difficulty_; }

 private:
  void spawn_enemy(Draws& draws);
  void spawn_diver(Draws& draws);
  void move_player(Move move);
  int move_bullets();
  void move_divers();
  int move_enemy(Visit& enemy);
  int move_submarines();
  int move_fish();
  void move_enemy_bullets();
  int breathe();
  int surface();

  bool ramping_;
  Cell player_;
  bool faces_right_ = false, at_surface_ = true;
  int oxygen_ = 0, divers_aboard_ = 0;
  Swimmers bullets_, enemy_bullets_, fish_, submarines_, divers_;
  int spawn_interval_ = 0, spawn_in_ = 0, diver_in_ = 0, move_interval_ = 0, reload_ = 0, difficulty_ = 0;
};

void Seaquest::reset(Draws&) {
  player_ = {5, 0};
  faces_right_ = false;
  at_surface_ = true;
  oxygen_ = kMostOxygen;
  divers_aboard_ = 0;
  for (Swimmers* list : {&bullets_, &enemy_bullets_, &fish_, &submarines_, &divers_}) list->clear();
  spawn_interval_ = spawn_in_ = kFirstSpawnInterval;
  diver_in_ = kDiverSpawnInterval;
  move_interval_ = kFirstMoveInterval;
  reload_ = difficulty_ = 0;
  over_ = false;
}

int Seaquest::act(Move move, Draws& draws) {
  if (spawn_in_ == 0) {
    spawn_enemy(draws);
    spawn_in_ = spawn_interval_;
  }
  if (diver_in_ == 0) {
    spawn_diver(draws);
    diver_in_ = kDiverSpawnInterval;
  }
  move_player(move);
  int reward = move_bullets();
  move_divers();
  reward += move_submarines();
  move_enemy_bullets();
  reward += move_fish();
  for (int* timer : {&spawn_in_, &diver_in_, &reload_})
    if (*timer > 0) --*timer;
  return reward + breathe();
}

void Seaquest::move_player(Move move) {
  if (move == Move::fire && reload_ == 0) {
    bullets_.push_back({player_, faces_right_});
    reload_ = kReload;
  }
  if (move == Move::left || move == Move::right) {
    faces_right_ = move == Move::right;
    player_.x = std::clamp(player_.x + (faces_right_ ? 1 : -1), 0, kSide - 1);
  }
  if (move == Move::up) player_.y = std::max(0, player_.y - 1);
  if (move == Move::down) player_.y = std::min(kLowestRow, player_.y + 1);
}

int Seaquest::move_bullets() {
  int reward = 0;
  from_last_to_first(bullets_, [&](Visit& bullet) {
    if (!bullet->advance()) return bullet.remove();
    if (!take_at(fish_, bullet->at) && !take_at(submarines_, bullet->at)) return;
    bullet.remove();
    ++reward;
  });
  return reward;
}

void Seaquest::move_divers() {
  from_last_to_first(divers_, [&](Visit& diver) {
    const auto comes_aboard = [&] {
      if (diver->at != player_ || divers_aboard_ >= kMostDivers) return false;
      diver.remove();
      ++divers_aboard_;
      return true;
    };
    if (comes_aboard()) return;
    if (diver->move_in > 0) {
      --diver->move_in;
      return;
    }
    diver->move_in = kDiverMoveInterval;
    if (!diver->advance()) return diver.remove();
    comes_aboard();
  });
}

/// One move of a fish or submarine; returns 1 when it swims into a bullet.
int Seaquest::move_enemy(Visit& enemy) {
  if (enemy->at == player_) over_ = true;
  if (enemy->move_in > 0) {
    --enemy->move_in;
    return 0;
  }
  enemy->move_in = move_interval_;
  if (!enemy->advance()) {
    enemy.remove();
  } else if (enemy->at == player_) {
    over_ = true;
  } else if (take_at(bullets_, enemy->at)) {
    enemy.remove();
    return 1;
  }
  return 0;
}

int Seaquest::move_submarines() {
  int reward = 0;
  from_last_to_first(submarines_, [&](Visit& submarine) {
    reward += move_enemy(submarine);
    if (submarine->shot_in-- > 0) return;  // also one that was just hit shoots
    submarine->shot_in = kShotInterval;
    enemy_bullets_.push_back({submarine->at, submarine->to_right});
  });
  return reward;
}

int Seaquest::move_fish() {
  int reward = 0;
  from_last_to_first(fish_, [&](Visit& fish) { reward += move_enemy(fish); });
  return reward;
}

void Seaquest::move_enemy_bullets() {
  from_last_to_first(enemy_bullets_, [&](Visit& bullet) {
    if (bullet->at == player_) over_ = true;
    if (!bullet->advance()) return bullet.remove();
    if (bullet->at == player_) over_ = true;
  });
}

int Seaquest::breathe() {
  if (oxygen_ <= 0) over_ = true;
  if (player_.y > 0) {
    --oxygen_;
    at_surface_ = false;
    return 0;
  }
  if (at_surface_) return 0;
  if (divers_aboard_ == 0) {
    over_ = true;
    return 0;
  }
  return surface();
}

int Seaquest::surface() {
  at_surface_ = true;
  int reward = 0;
  if (divers_aboard_ == kMostDivers) {
    divers_aboard_ = 0;
    reward = oxygen_ * kSide / kMostOxygen;
  }
  --divers_aboard_;
  oxygen_ = kMostOxygen;
  if (ramping_ && (spawn_interval_ > 1 || move_interval_ > 2)) {
    if (move_interval_ > 2 && difficulty_ % 2 == 1) --move_interval_;
    if (spawn_interval_ > 1) --spawn_interval_;
    ++difficulty_;
  }
  return reward;
}

/// None comes when another swims towards it in its row; the numbers are drawn all the same.
void Seaquest::spawn_enemy(Draws& draws) {
  const bool to_right = draws.uniform() < 1.0 / 2, is_submarine = draws.uniform() < 1.0 / 3;
  const Cell at{to_right ? 0 : kSide - 1, static_cast<int>(draws.integer(1, kSide - 1))};
  for (const Swimmers* list : {&submarines_, &fish_})
    for (const Swimmer& one : *list)
      if (one.at.y == at.y && one.to_right != to_right) return;
  (is_submarine ? submarines_ : fish_).push_back({at, to_right, move_interval_, is_submarine ? kShotInterval : 0});
}

void Seaquest::spawn_diver(Draws& draws) {
  const bool to_right = draws.uniform() < 1.0 / 2;
  divers_.push_back(
      {{to_right ? 0 : kSide - 1, static_cast<int>(draws.integer(1, kSide - 1))}, to_right, kDiverMoveInterval});
}

void Seaquest::draw(Frame& frame) const {
  frame[0].set(player_);
  frame[1].set({player_.x + (faces_right_ ? -1 : 1), player_.y});
  const auto mark = [&](const Swimmers& list, int channel, bool trailed) {
    for (const Swimmer& one : list) {
      frame[channel].set(one.at);
      const int behind = one.at.x + (one.to_right ? -1 : 1);
      if (trailed && behind >= 0 && behind < kSide) frame[3].set({behind, one.at.y});
    }
  };
  mark(bullets_, 2, false);
  mark(enemy_bullets_, 4, false);
  mark(fish_, 5, true);
  mark(submarines_, 6, true);
  mark(divers_, 9, true);
  const int oxygen_cells = std::max(0, oxygen_) * kSide / kMostOxygen;
  for (int x = 0; x < oxygen_cells; ++x) frame[7].set({x, kSide - 1});
  for (int x = kSide - 1 - divers_aboard_; x < kSide - 1; ++x) frame[8].set({x, kSide - 1});
}

}  // namespace

std::unique_ptr<MinAtarGame> make_seaquest(const GameRules& rules) { return std::make_unique<Seaquest>(rules); }

}  // namespace moescope::rl
