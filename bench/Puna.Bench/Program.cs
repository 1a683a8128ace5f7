using BenchmarkDotNet.Running;
using Puna.Bench;

BenchmarkSwitcher.FromTypes([typeof(KernelBenchmark)]).Run(args);
