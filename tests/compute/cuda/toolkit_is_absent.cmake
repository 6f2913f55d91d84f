# Stands for all CUDA tests on a machine without the toolkit, or those of the host code where it lacks cuBLAS: counted as
# skipped.
message("CUDA toolkit is absent, or its cuBLAS: this is not tested here")
