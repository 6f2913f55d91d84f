# CUDA, where the toolkit is: its headers are enough to run the kernels on the CPU, nvcc builds them for devices.
#
# The toolkit is NVIDIA's own, or what ./test installs from PyPI into build/cuda. Without it everything else is the same.
foreach(FOUND MOESCOPE_CUDA_INCLUDE MOESCOPE_NVCC MOESCOPE_CUDART MOESCOPE_CUBLASLT MOESCOPE_CUDNN_INCLUDE)
  if(DEFINED ${FOUND} AND NOT EXISTS "${${FOUND}}")
    unset(${FOUND} CACHE)  # it was there once
  endif()
endforeach()
file(GLOB MOESCOPE_CUDA_WHEELS ${CMAKE_SOURCE_DIR}/build/cuda/lib/python3*/site-packages/nvidia/cu13)
find_path(MOESCOPE_CUDA_INCLUDE cuda_runtime.h NO_DEFAULT_PATH
          PATHS $ENV{CUDA_HOME}/include /usr/local/cuda/include ${MOESCOPE_CUDA_WHEELS}/include)
if(NOT MOESCOPE_CUDA_INCLUDE)
  message(STATUS "CUDA: no toolkit found; its tests will be counted as skipped")
  return()
endif()
file(STRINGS ${MOESCOPE_CUDA_INCLUDE}/cuda_runtime_api.h MOESCOPE_CUDA_VERSION REGEX "define CUDART_VERSION")
string(REGEX REPLACE "[^0-9]" "" MOESCOPE_CUDA_VERSION "${MOESCOPE_CUDA_VERSION}")
if(MOESCOPE_CUDA_VERSION LESS 12000)  # C++20 in kernels begins there
  message(STATUS "CUDA: the toolkit in ${MOESCOPE_CUDA_INCLUDE} is older than 12; its tests will be counted as skipped")
  return()
endif()
message(STATUS "CUDA: toolkit headers in ${MOESCOPE_CUDA_INCLUDE}")

set(MOESCOPE_CUDA_DOOR ${CMAKE_BINARY_DIR}/rooms/cuda)
file(MAKE_DIRECTORY ${MOESCOPE_CUDA_DOOR}/compute)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/compute/cuda ${MOESCOPE_CUDA_DOOR}/compute/cuda SYMBOLIC)
add_subdirectory(compute/cuda/on_host)
add_subdirectory(compute/cuda/kernels)
