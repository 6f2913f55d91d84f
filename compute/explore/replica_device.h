// A replica's model on the GPU that compute.device finds, with values of its own, for looks and reports. A window
// beside a training run takes what the run leaves of the GPU: where its memory is full, the CPU computes.
#pragma once

#include <memory>

#include "compute/explore/replica.h"
#include "compute/models/device_model.h"

namespace moescope {

class ReplicaDevice {
 public:
  /// body(device) with the replica's values on it. device is null where the CPU computes, which stays so for this
  /// model once there was no room for it: body is then called again, and must leave nothing behind when it throws.
  /// Throws ConfigError, DeviceFault as DeviceModel::make.
  template <class Body>
  auto compute(const Replica& replica, Body&& body) {
    try {
      return body(holding(replica));
    } catch (const DeviceFault& fault) {
      if (fault.fault != device_api::Fault::out_of_memory) throw;  // anything else is told
    }
    give_up(replica);
    return body(std::shared_ptr<DeviceModel>());
  }
  /// Forgets the model.
  void reset();

 private:
  std::shared_ptr<DeviceModel> holding(const Replica& replica);
  void give_up(const Replica& replica);

  std::shared_ptr<DeviceModel> device_;
  int64_t number_ = -1, version_ = -1;  // Replica::model_number and version that it holds
};

}  // namespace moescope
