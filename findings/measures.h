// What is measured on a trained model besides its accuracy: each measure a function from the model to named numbers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compute/explore/replica.h"
#include "compute/studies/study.h"

namespace moescope {

/// Told the share done; false: stop here, throw StudyStopped.
using Measure =
    std::function<void(Replica& model, const Numbers& numbers, const StudyProgress& progress, Values& values)>;

/// Throws ConfigError naming the nearest.
///   capacity       "capacity/F/vanilla", "capacity/F/bpr": accuracy at capacity factor F (numbers "capacities")
///   random-router  "whole", "random/LAYER": accuracy as it is, and with the router of one layer drawn anew
///   k              "k/K": accuracy with K experts a token (numbers "ks")
///   balance        "max_load/LAYER", "dead/LAYER": largest expert load over the fair share, experts below 1/100 of it
///   specialisation "class/LAYER", "position/LAYER": mutual information of expert with class and position, nats
///   kept           "kept/K/combine", "kept/K/random", "kept/K/load": accuracy with K experts an image (numbers
///                  "divisors"; random is the mean of "random_seeds" draws), "all"
///   softness       "dispatch_max/LAYER", "combine_max/LAYER": mean over slots (tokens) of the largest weight
///   dropped-patches  "dropped/ORDER/LAYER" (percent of the tokens), "ink/ORDER/LAYER", "scarce/ORDER": under a
///   capacity
///                  factor of "scarce_capacity", first come and BPR; of seed 0 "picture/..." besides
///   alignment      "aligned_within/LAYER", "aligned_across/LAYER": mean cosine of two slots' parameters of one expert,
///                  and of two experts
///   inspection     how a Soft MoE's weights spread over tokens, slots and experts: weight_spread.h
/// softness also gives "uniform/LAYER", the weight of a slot that takes all tokens alike; soft layers only.
/// Accuracies are in percent of the test split.
Measure find_measure(const std::string& name);
/// Whether these numbers hold what the measure gives. Throws like find_measure.
bool was_measured(const std::string& name, const Values& values);

void measure_inspection(Replica& model, const Numbers& numbers, const StudyProgress& progress, Values& values);
void measure_dropped_patches(Replica& model, const Numbers& numbers, const StudyProgress& progress, Values& values);

}  // namespace moescope
