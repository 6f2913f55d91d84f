// A libcuda.so.1 without a device, for building cuDNN's plans where there is no GPU. cuDNN compiles its kernels and
// loads them to see that they load: these two calls succeed. Everything else that it looks up exists, and refuses.
extern "C" {

int cuLibraryLoadData(void** library) {
  static int loaded;
  *library = &loaded;
  return 0;
}
int cuLibraryGetKernel(void** kernel) {
  static int found;
  *kernel = &found;
  return 0;
}
int cuLibraryUnload() { return 0; }

#define REFUSE(name) \
  int name() { return 100; }  // CUDA_ERROR_NO_DEVICE
REFUSE(cuCtxGetCurrent)
REFUSE(cuCtxGetLimit)
REFUSE(cuCtxPopCurrent)
REFUSE(cuCtxPushCurrent)
REFUSE(cuDeviceGet)
REFUSE(cuDeviceGetAttribute)
REFUSE(cuDeviceGetCount)
REFUSE(cuDriverGetVersion)
REFUSE(cuFuncGetAttribute)
REFUSE(cuFuncSetAttribute)
REFUSE(cuGetErrorName)
REFUSE(cuGetErrorString)
REFUSE(cuGetExportTable)
REFUSE(cuInit)
REFUSE(cuKernelGetAttribute)
REFUSE(cuKernelGetFunction)
REFUSE(cuKernelSetAttribute)
REFUSE(cuLaunchCooperativeKernel)
REFUSE(cuLaunchKernel)
REFUSE(cuLaunchKernelEx)
REFUSE(cuLibraryLoadFromFile)
REFUSE(cuLinkAddData)
REFUSE(cuLinkAddData_v2)
REFUSE(cuLinkAddFile_v2)
REFUSE(cuLinkComplete)
REFUSE(cuLinkCreate)
REFUSE(cuLinkCreate_v2)
REFUSE(cuLinkDestroy)
REFUSE(cuMemcpyDtoH_v2)
REFUSE(cuModuleGetFunction)
REFUSE(cuModuleGetGlobal_v2)
REFUSE(cuModuleLoadData)
REFUSE(cuModuleLoadDataEx)
REFUSE(cuModuleLoadFatBinary)
REFUSE(cuModuleUnload)
REFUSE(cuOccupancyMaxActiveBlocksPerMultiprocessor)
REFUSE(cuOccupancyMaxPotentialClusterSize)
REFUSE(cuStreamGetCtx)
REFUSE(cuStreamSynchronize)
REFUSE(cuTensorMapEncodeTiled)
#undef REFUSE
}
