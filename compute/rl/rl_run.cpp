// Steps in between, a row of metrics, now and then a checkpoint.
#include "compute/rl/rl_run.h"

#include <limits>
#include <numeric>

#include "compute/backends/implementations.h"
#include "compute/backends/precision.h"
#include "compute/core/clock.h"
#include "compute/core/error.h"
#include "compute/data/dataset.h"
#include "compute/eval/peak.h"
#include "compute/records/rl_config_fields.h"
#include "compute/rl/measures.h"
#include "compute/train/environment.h"

namespace moescope::rl {
namespace {

/// What describes the machine and the game; the facts about a data set say what is played instead.
moescope::Environment facts_of(const Backend& backend, const EnvironmentInfo& game, const QNetworkSize& size) {
  moescope::Environment facts;
  for (auto& fact : describe_environment(backend.description(), {}, measured_peak_gflops()))
    if (!fact.first.starts_with("dataset")) facts.push_back(std::move(fact));
  facts.emplace_back("game", game.name);
  facts.emplace_back("penultimate_parameters", std::to_string(size.penultimate_parameters));
  facts.emplace_back("output_parameters", std::to_string(size.output_parameters));
  return facts;
}

}  // namespace

RunConfig common_config(const RlConfig& c) {
  RunConfig config;
  config.name = c.name;
  config.router.kind = c.layer == RlLayer::soft   ? RouterKind::soft
                       : c.layer == RlLayer::top1 ? RouterKind::tokens_choice
                                                  : RouterKind::dense;
  config.router.num_experts = c.layer == RlLayer::dense ? 1 : c.experts;
  config.router.expert_mlp = c.hidden;
  config.router.activation = Activation::relu;
  config.router.soft_normalize = c.normalize ? SoftNormalize::logits : SoftNormalize::none;
  config.router.noise_std = c.router_noise;
  config.router.capacity_factor = c.capacity_factor;
  config.router.importance_weight = c.importance_weight;
  config.router.load_weight = c.load_weight;
  config.train.learning_rate = c.learning_rate;
  config.train.epsilon = c.adam_epsilon;
  config.train.weight_decay = 0;
  config.train.schedule = ScheduleKind::constant;
  config.train.warmup_steps = 0;
  config.train.batch_size = c.batch_size;
  config.train.checkpoint_secs = c.checkpoint_secs;
  config.train.seed = c.seed;
  config.compute.threads = c.threads;
  config.compute.device = DeviceKind::cpu;  // agents run nowhere else
  return config;
}

RlRun::RlRun(RlSetup setup, Queue<Event>& events) : setup_(std::move(setup)), events_(events) {
  if (setup_.stop_rule.epochs || setup_.stop_rule.accuracy)
    throw ConfigError("--stop: a run of an agent has neither epochs nor accuracy; write steps=N,seconds=N");
}

double RlRun::active_secs() const { return secs_since(began_) - left_out_; }

double RlRun::wall_secs() const { return setup_.wall_secs_before + active_secs(); }

void RlRun::prepare() {
  if (setup_.resume_from) {
    RlConfig saved = read_agent_config(*setup_.resume_from, setup_.resume_name);
    saved.name = setup_.config.name;
    saved.threads = setup_.config.threads;
    saved.checkpoint_secs = setup_.config.checkpoint_secs;
    setup_.config = saved;
  }
  const RlConfig& config = setup_.config;
  RunConfig common = common_config(config);
  backend_ = setup_.beside ? backend_beside() : make_backend(common.compute);
  common.compute.instructions = instruction_set();
  common.compute.precision = matmul_precision();
  agent_ = std::make_unique<Agent>(config, *backend_);
  if (setup_.resume_from) agent_->restore(*setup_.resume_from, setup_.resume_name);
  const QNetworkSize size = measure(agent_->learner().online());
  RunStarted started{std::move(common),
                     facts_of(*backend_, agent_->environment().info(), size),
                     size.parameters,
                     size.forward_mflop * 1e-3,
                     {}};
  for (const FieldText& field : list_fields(config))
    if (is_rl_field(field.field.key)) started.further_params.emplace_back(field.field.key, field.value);
  events_.push(std::move(started));
  began_ = last_checkpoint_ = Clock::now();
  progress_.steps = agent_->steps(), progress_.updates = agent_->updates(), progress_.episodes = agent_->episodes();
  if (!setup_.resume_from && config.checkpoint_secs > 0) take_checkpoint("start", true);
  change_state(RunState::running, "");
}

void RlRun::count(Interval& interval) {
  ++interval.steps;
  if (const auto& episode = agent_->finished_episode()) {
    interval.returns += episode->episode_return;
    interval.lengths += static_cast<double>(episode->length);
    ++interval.episodes;
    recent_returns_.push_back(episode->episode_return);
    if (recent_returns_.size() > 100) recent_returns_.pop_front();
  }
  if (!agent_->updated()) return;
  const UpdateReport& update = agent_->learner().report();
  ++interval.updates;
  interval.loss += update.loss, interval.aux += update.aux_loss, interval.td_error += update.td_error;
  interval.q += update.q, interval.gradient_norm += update.gradient_norm;
}

bool RlRun::turn() {
  const double begin = active_secs();
  const int64_t every = setup_.config.report_every;
  const int64_t last = setup_.stop_rule.steps.value_or(std::numeric_limits<int64_t>::max());
  Interval interval;
  if (agent_->steps() >= last) {  // a run resumed at its end
    finish("steps=" + std::to_string(last) + " reached");
    return false;
  }
  do {
    const Agent::Advance advance = agent_->step();
    count(interval);
    if (advance == Agent::Advance::diverged) {
      report(interval, active_secs() - begin);
      change_state(RunState::diverged, agent_->divergence());
      return false;
    }
    if (setup_.after_step && !setup_.after_step(*agent_)) break;
  } while (agent_->steps() % every != 0 && agent_->steps() < last);
  report(interval, active_secs() - begin);
  const Progress place{.step = agent_->steps(), .steps_per_epoch = 1, .active_secs = wall_secs()};
  if (const std::string reason = stop_reason(setup_.stop_rule, place); !reason.empty()) {
    finish(reason);
    return false;
  }
  const int64_t rolls = setup_.config.checkpoint_secs;
  if (rolls > 0 && secs_since(last_checkpoint_) >= static_cast<double>(rolls)) take_checkpoint("rolling", true);
  return true;
}

void RlRun::report(const Interval& i, double secs) {
  std::vector<Metric> metrics;
  const int64_t step = agent_->steps();
  const double wall = wall_secs();
  const auto add = [&](const char* key, double value) { metrics.push_back({key, step, wall, value}); };
  const auto mean = [](double sum, int64_t n) { return sum / static_cast<double>(n); };
  if (i.episodes > 0) {
    add("rl/return", mean(i.returns, i.episodes));
    add("rl/episode_length", mean(i.lengths, i.episodes));
  }
  add("rl/episodes", static_cast<double>(agent_->episodes()));
  add("rl/updates", static_cast<double>(agent_->updates()));
  add("rl/epsilon", agent_->epsilon());
  if (i.updates > 0) {
    add("train/loss", mean(i.loss, i.updates));
    add("train/aux_loss", mean(i.aux, i.updates));
    add("train/gradient_norm", mean(i.gradient_norm, i.updates));
    add("rl/td_error", mean(i.td_error, i.updates));
    add("rl/q", mean(i.q, i.updates));
    append_metrics(measure_update(agent_->learner()), step, wall, metrics);
    progress_.loss = mean(i.loss, i.updates), progress_.q = mean(i.q, i.updates);
  }
  add("speed/steps_per_sec", static_cast<double>(i.steps) / secs);
  events_.push(MetricsTaken{std::move(metrics)});
  progress_.steps = step, progress_.updates = agent_->updates(), progress_.episodes = agent_->episodes();
  progress_.wall_secs = wall, progress_.epsilon = agent_->epsilon();
  progress_.steps_per_sec = static_cast<double>(i.steps) / secs;
  if (!recent_returns_.empty())
    progress_.recent_return = mean(std::accumulate(recent_returns_.begin(), recent_returns_.end(), 0.0),
                                   static_cast<int64_t>(recent_returns_.size()));
}

void RlRun::take_checkpoint(const std::string& reason, bool rolling) {
  auto bytes = std::make_shared<const std::vector<std::byte>>(agent_->save());
  events_.push(CheckpointTaken{agent_->steps(), wall_secs(), rolling, reason, std::move(bytes), 0});
  last_checkpoint_ = Clock::now();
}

void RlRun::finish(const std::string& reason) {
  take_checkpoint("end", false);
  change_state(RunState::finished, reason);
}

void RlRun::fail(const std::string& message) { change_state(RunState::failed, message); }

void RlRun::change_state(RunState state, const std::string& message) {
  progress_.state = state;
  progress_.message = message;
  progress_.wall_secs = wall_secs();
  events_.push(StateChanged{agent_->steps(), wall_secs(), state, message});
}

}  // namespace moescope::rl
