// CIFAR-10 and CIFAR-100 (Krizhevsky 2009) in their binary version: colour images of 32x32.
#pragma once

#include <memory>

#include "compute/data/resident_dataset.h"

namespace moescope {

/// config.path names the folder with data_batch_1.bin .. data_batch_5.bin and test_batch.bin, or the one above it.
std::shared_ptr<const Dataset> open_cifar10(const DataConfig& config);
/// config.path names the folder with train.bin and test.bin, or the one above it. Labels are the 100 fine classes.
std::shared_ptr<const Dataset> open_cifar100(const DataConfig& config);

}  // namespace moescope
