// Kind "minatar": a recorded game played again from its actions and draws. reference/minatar/INDEX.md.
#include <cstring>

#include "compute/conform/conform_kinds.h"
#include "compute/core/error.h"
#include "compute/rl/sticky_game.h"

namespace moescope {

namespace {

/// The numbers that the original drew, in their order.
class RecordedDraws : public rl::Draws {
 public:
  /// (N, 8): doubles as bytes.
  explicit RecordedDraws(const Tensor& bytes) : bytes_(bytes) {
    if (bytes.rank() != 2 || bytes.dim(1) != sizeof(double)) throw FormatError("in.draws: not a list of doubles");
  }
  double uniform() override {
    if (used_ >= bytes_.dim(0)) throw FormatError("the game asks for more draws than were recorded");
    double number = 0;
    std::memcpy(&number, bytes_.u8() + used_++ * bytes_.dim(1), sizeof number);
    return number;
  }
  int64_t integer(int64_t, int64_t) override { return static_cast<int64_t>(uniform()); }
  int64_t used() const { return used_; }

 private:
  Tensor bytes_;
  int64_t used_ = 0;
};

/// Cells in the order (row, column, channel), eight to a byte, the first one highest.
void pack(const rl::Frame& frame, uint8_t* out) {
  int64_t bit = 0;
  for (int y = 0; y < rl::kSide; ++y)
    for (int x = 0; x < rl::kSide; ++x)
      for (int channel = 0; channel < frame.channels; ++channel, ++bit)
        if (frame[channel].has({x, y})) out[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
}

}  // namespace

void conform_minatar(const GoldenCase& golden, GoldenResults& results) {
  rl::GameRules rules;
  rules.difficulty_ramping = golden.config.at("difficulty_ramping").get<bool>();
  rl::StickyGame game(rl::make_minatar_game(golden.config.at("game").get<std::string>(), rules),
                      golden.config.at("sticky_action_prob").get<double>());
  const Tensor& actions = golden.in("actions");
  const int64_t steps = actions.size();
  RecordedDraws draws(golden.in("draws"));
  const Buffer rewards({steps}), terminals({steps}, DType::u8), used({steps + 1}, DType::i32);
  // Sized as the recording: a game that ends more or fewer episodes is seen by its terminals.
  const Tensor& recorded = golden.file.at("out.frames_packed");
  const Buffer frames(recorded.shape(), DType::u8);
  std::memset(frames.tensor().data(), 0, static_cast<size_t>(frames.tensor().bytes()));
  int64_t num_frames = 0;
  const auto keep_frame = [&] {
    if (num_frames < recorded.dim(0)) pack(game.frame(), frames.tensor().u8() + num_frames * recorded.dim(1));
    ++num_frames;
  };
  const auto restart = [&] {
    game.reset(draws);
    keep_frame();
  };
  restart();
  used.tensor().i32()[0] = static_cast<int32_t>(draws.used());
  for (int64_t t = 0; t < steps; ++t) {
    rewards.tensor().f32()[t] = static_cast<float>(game.act(static_cast<rl::Move>(actions.u8()[t]), draws));
    keep_frame();
    const bool over = game.game().is_over();
    terminals.tensor().u8()[t] = over;
    if (over) restart();
    used.tensor().i32()[t + 1] = static_cast<int32_t>(draws.used());
  }
  const std::vector<rl::Move>& moves = game.game().info().useful_moves;
  const Buffer useful({static_cast<int64_t>(moves.size())}, DType::u8);
  for (size_t i = 0; i < moves.size(); ++i) useful.tensor().u8()[i] = static_cast<uint8_t>(moves[i]);
  results.add("out.rewards", rewards);
  results.add("out.terminals", terminals);
  results.add("out.draws_used", used);
  results.add("out.frames_packed", frames);
  results.add("out.minimal_actions", useful);
}

}  // namespace moescope
