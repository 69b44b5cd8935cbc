"""The project's own benchmarks: `make bench` runs them all and writes BENCHMARKS.md. See bench/README.md."""
