# The GPU plug-in, twice from the same sources: for devices where nvcc is, and on the strict fake of the CUDA libraries
# where only the toolkit's headers are (for conform, train and eval --backend cuda-host, and tests; never installed).
if(NOT MOESCOPE_CUDA_INCLUDE)
  return()
endif()
# The toolkit that ./test installs from PyPI goes without cuBLAS, which weighs half a gigabyte.
if(NOT EXISTS ${MOESCOPE_CUDA_INCLUDE}/cublasLt.h)
  message(STATUS "CUDA: no cublasLt.h beside the toolkit's headers; kernels only, the GPU plug-in is not built")
  return()
endif()
file(GLOB MOESCOPE_CUDA_PROGRAM CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/compute/cuda/*.cpp)
file(GLOB MOESCOPE_CUDA_FAKE CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/cuda_fake/*.cpp)

# cuDNN's headers are enough: its library is looked up when a model in bfloat16 asks for it.
find_path(MOESCOPE_CUDNN_INCLUDE cudnn_graph.h NO_DEFAULT_PATH
          PATHS ${MOESCOPE_CUDA_INCLUDE} $ENV{CUDNN_HOME}/include /usr/include /usr/include/x86_64-linux-gnu)
set(MOESCOPE_CUDNN FALSE)
if(MOESCOPE_CUDNN_INCLUDE)
  file(GLOB MOESCOPE_CUDNN_HEADERS ${MOESCOPE_CUDNN_INCLUDE}/cudnn_graph*.h)
  foreach(HEADER ${MOESCOPE_CUDNN_HEADERS})
    file(STRINGS ${HEADER} KNOWS_ATTENTION REGEX "OPERATION_SDPA_FWD_STATSDESC")
    if(KNOWS_ATTENTION)
      set(MOESCOPE_CUDNN TRUE)
    endif()
  endforeach()
endif()
set(MOESCOPE_CUDNN_SOURCES ${CMAKE_SOURCE_DIR}/compute/cuda/dnn_library.cpp ${CMAKE_SOURCE_DIR}/compute/cuda/dnn_graph.cpp
    ${CMAKE_SOURCE_DIR}/compute/cuda/attention_graphs.cpp ${CMAKE_SOURCE_DIR}/compute/cuda/fused_attention.cpp)
if(MOESCOPE_CUDNN)
  message(STATUS "CUDA: cuDNN headers in ${MOESCOPE_CUDNN_INCLUDE}")
  list(REMOVE_ITEM MOESCOPE_CUDA_PROGRAM ${CMAKE_SOURCE_DIR}/compute/cuda/fused_attention_absent.cpp)
else()
  message(STATUS "CUDA: no headers of cuDNN 9.13 or later; attention by our own kernels alone, cuDNN's tests are skipped")
  list(REMOVE_ITEM MOESCOPE_CUDA_PROGRAM ${MOESCOPE_CUDNN_SOURCES})
  list(FILTER MOESCOPE_CUDA_FAKE EXCLUDE REGEX "/dnn[^/]*$")
endif()

# moescope_plugin(TARGET SOURCE...): one exported symbol, everything else hidden, own copies of what it needs of core.
function(moescope_plugin TARGET)
  add_library(${TARGET} MODULE ${ARGN})
  target_compile_options(${TARGET} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${MOESCOPE_WARNINGS}>)
  set_target_properties(${TARGET} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  target_include_directories(${TARGET} PRIVATE ${MOESCOPE_CUDA_DOOR} ${CMAKE_BINARY_DIR}/rooms/backends)
  target_include_directories(${TARGET} SYSTEM PRIVATE ${MOESCOPE_CUDA_INCLUDE})
  if(MOESCOPE_CUDNN)
    target_include_directories(${TARGET} SYSTEM PRIVATE ${MOESCOPE_CUDNN_INCLUDE})
  endif()
  target_link_libraries(${TARGET} PRIVATE moescope_core)
  target_link_options(${TARGET} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/plugin.map
                      -Wl,--no-undefined)
  set_target_properties(${TARGET} PROPERTIES LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/plugin.map)
endfunction()

set(MOESCOPE_CUDA_PROGRAM_ON_HOST ${MOESCOPE_CUDA_PROGRAM})
list(REMOVE_ITEM MOESCOPE_CUDA_PROGRAM_ON_HOST ${CMAKE_SOURCE_DIR}/compute/cuda/dnn_library.cpp)  # the fake has its own
moescope_plugin(moescope_cuda_host ${MOESCOPE_CUDA_PROGRAM_ON_HOST} ${MOESCOPE_CUDA_FAKE})
target_compile_definitions(moescope_cuda_host PRIVATE MOESCOPE_CUDA_ON_HOST)
target_include_directories(moescope_cuda_host PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(moescope_cuda_host PRIVATE moescope_cuda_on_host)
set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/support/cuda_fake/product.cpp PROPERTIES COMPILE_OPTIONS "-O3")

# For devices. The runtime is linked in; cuBLASLt is found where the toolkit is, or in the loader's folders.
set(MOESCOPE_CUDA_LIBRARY_FOLDERS ${MOESCOPE_CUDA_INCLUDE}/../lib64 ${MOESCOPE_CUDA_INCLUDE}/../lib)
find_library(MOESCOPE_CUDART NAMES cudart_static HINTS ${MOESCOPE_CUDA_LIBRARY_FOLDERS})
find_library(MOESCOPE_CUBLASLT NAMES cublasLt libcublasLt.so.13 HINTS ${MOESCOPE_CUDA_LIBRARY_FOLDERS})
if(TARGET moescope_cuda_kernels AND MOESCOPE_CUDART AND MOESCOPE_CUBLASLT AND NOT MOESCOPE_SANITIZE)
  moescope_plugin(moescope_cuda ${MOESCOPE_CUDA_PROGRAM})
  target_link_libraries(moescope_cuda PRIVATE moescope_cuda_kernels ${MOESCOPE_CUDART} ${MOESCOPE_CUBLASLT}
                        Threads::Threads ${CMAKE_DL_LIBS} rt)
  add_dependencies(moescope moescope_cuda)  # a plug-in of yesterday beside a program of today would misread it
  install(TARGETS moescope_cuda LIBRARY DESTINATION lib/moescope)
else()
  message(STATUS "CUDA: no nvcc, cudart or cuBLASLt found; libmoescope_cuda.so is not built")
endif()
