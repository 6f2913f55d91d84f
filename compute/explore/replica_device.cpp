// One model at a time; newer values are written over the old ones.
#include "compute/explore/replica_device.h"

namespace moescope {

void ReplicaDevice::reset() {
  device_.reset();
  number_ = version_ = -1;
}

std::shared_ptr<DeviceModel> ReplicaDevice::holding(const Replica& replica) {
  if (number_ != replica.model_number) {
    device_.reset();
    device_ = DeviceModel::make(replica.config.compute, *replica.model);
    number_ = replica.model_number, version_ = replica.version;
  }
  if (device_ && version_ != replica.version) {
    device_->write(device_api::Flat::values, replica.model->parameters().values());
    version_ = replica.version;
  }
  return device_;
}

void ReplicaDevice::give_up(const Replica& replica) {
  device_.reset();
  number_ = replica.model_number;
}

}  // namespace moescope
