// The whole layer against finite differences, for every router and what changes its formulas.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "compute/records/config_fields.h"
#include "support/moe_fixture.h"

namespace moescope {
namespace {

constexpr uint64_t kSeed = 6;  // draws whose gates keep clear of each other

struct NamedCase {
  std::string name;
  MoeCase c;
};

void PrintTo(const NamedCase& n, std::ostream* out) { *out << n.name; }

NamedCase soft(const std::string& name, SoftNormalize normalize, Activation activation = Activation::gelu_tanh) {
  NamedCase n{"soft_" + name, MoeCase(RouterKind::soft)};
  n.c.shape.soft_normalize = normalize;
  n.c.shape.activation = activation;
  n.c.shape.scale_init = 2;
  return n;
}

NamedCase sparse(const std::string& name, RouterKind kind) { return {name, MoeCase(kind)}; }

std::vector<NamedCase> cases() {
  std::vector<NamedCase> all{soft("logits", SoftNormalize::logits), soft("tokens", SoftNormalize::tokens),
                             soft("none", SoftNormalize::none), soft("rms", SoftNormalize::rms, Activation::gelu_erf),
                             soft("layer", SoftNormalize::layer, Activation::geglu)};
  for (const NormEps eps : {NormEps::outside, NormEps::clamp}) {
    all.push_back(soft(eps == NormEps::outside ? "eps_outside" : "eps_clamp", SoftNormalize::logits));
    all.back().c.shape.soft_eps = eps;
  }
  all.push_back(soft("temperature_noise_short_group", SoftNormalize::logits));
  all.back().c.knobs.temperature = 0.5;
  all.back().c.knobs.noise_std = 0.7;
  all.back().c.tokens = 10;  // groups of 6 and 4
  for (const SoftMixing mixing :
       {SoftMixing::uniform_combine, SoftMixing::uniform_dispatch, SoftMixing::uniform, SoftMixing::identity}) {
    all.push_back(soft(std::string(choice_name(mixing)), SoftNormalize::tokens));
    all.back().c.shape.mixing = mixing;
    all.back().c.tokens = 10;
  }
  all.push_back(sparse("tokens_choice", RouterKind::tokens_choice));
  all.push_back(sparse("tokens_choice_losses", RouterKind::tokens_choice));
  RouterConfig knobs = all.back().c.knobs;
  knobs.noise_std = 1;
  knobs.bpr = true;
  knobs.importance_weight = 0.7, knobs.load_weight = 1.3, knobs.gshard_weight = 0.4;
  all.back().c.knobs = knobs;
  all.push_back(sparse("tokens_choice_temperature_short_group", RouterKind::tokens_choice));
  all.back().c.knobs = knobs;
  all.back().c.knobs.temperature = 2;
  all.back().c.tokens = 10;
  all.push_back(sparse("experts_choice", RouterKind::experts_choice));
  all.push_back(sparse("experts_choice_noise_short_group", RouterKind::experts_choice));
  all.back().c.knobs.noise_std = 1;
  all.back().c.knobs.temperature = 0.7;
  all.back().c.tokens = 10;
  return all;
}

class MoeLayerGradient : public testing::TestWithParam<NamedCase> {};

TEST_P(MoeLayerGradient, AgreesWithFiniteDifferences) {
  MoeFixture f(GetParam().c, kSeed);
  f.aux_scale = 0.25;
  f.run();
  // A sparse choice jumps where two gates meet, so the step is small: no choice of these draws lies within it. Rounding
  // then weighs more than gradient_check.h reckons with, hence 1e-2 of the norm; a wrong term would cost 1e-1.
  const bool jumps = f.c.shape.kind != RouterKind::soft;
  const GradientCheck check{.step = jumps ? 0.0005 : 0.01, .tolerance = jumps ? 1e-2 : 3e-3};
  const auto loss = [&] { return f.loss(); };
  expect_gradient(loss, f.x, Buffer(copy_of(f.dx)), "dx", check);
  const SoftMixing mixing = f.c.shape.mixing;
  const bool unused_router = mixing == SoftMixing::uniform || mixing == SoftMixing::identity;
  for (const Parameter& p : f.parameters.all()) {
    if (unused_router && (p.role == ParameterRole::slots || p.role == ParameterRole::scale))
      for (int64_t i = 0; i < p.gradient.size(); ++i) EXPECT_EQ(p.gradient.f32()[i], 0) << p.name;
    else
      expect_gradient(loss, p.value, Buffer(copy_of(p.gradient)), p.name, check);
  }
}

INSTANTIATE_TEST_SUITE_P(Routers, MoeLayerGradient, testing::ValuesIn(cases()),
                         [](const auto& i) { return i.param.name; });

TEST(MoeLayer, GradientsAddUp) {
  // twice the backward pass, twice the gradient; dx likewise
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    MoeFixture f{MoeCase(kind)};
    f.run();
    const Buffer once = copy_of(f.gradient("w1")), dx_once = copy_of(f.dx);
    f.loss();
    f.layer.backward(f.context, f.dy, f.dx, f.pass, 1);
    for (int64_t i = 0; i < once.size(); ++i) ASSERT_FLOAT_EQ(f.gradient("w1").f32()[i], 2 * once.f32()[i]);
    for (int64_t i = 0; i < dx_once.size(); ++i) ASSERT_NEAR(f.dx.f32()[i], 2 * dx_once.f32()[i], 1e-5);
  }
}

}  // namespace
}  // namespace moescope
