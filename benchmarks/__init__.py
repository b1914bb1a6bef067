"""What is measured, each as a ratio to the limit of the same machine in the same run: `python -m benchmarks`.

Absolute figures belong to one machine; ratios travel. The service and its limit are measured in turns, so that whatever
else the machine does at that time falls on both. docs/performance.md says what the figures mean.
"""
