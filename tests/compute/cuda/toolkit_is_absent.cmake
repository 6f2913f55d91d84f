# Stands for all CUDA tests on a machine without the toolkit: counted as skipped.
message("CUDA toolkit is absent: the kernels are not tested here")
