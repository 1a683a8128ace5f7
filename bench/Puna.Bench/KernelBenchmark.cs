using BenchmarkDotNet.Attributes;
using Puna.Kernels.Cases;
using Puna.Kernels.Threads;

namespace Puna.Bench;

/// <summary>Every case of <see cref="KernelCatalogue"/>; the variable PUNA_KERNELS holds the words of a filter.</summary>
public class KernelBenchmark : IDisposable
{
    private WorkerPool? _pool;
    private IPreparedKernel? _kernel;

    /// <summary>Names of the cases.</summary>
    public static IEnumerable<string> Names =>
        KernelCatalogue
            .Named(Environment.GetEnvironmentVariable("PUNA_KERNELS") ?? "")
            .Select(kernel => kernel.Name);

    /// <summary>Name of the case that is measured.</summary>
    [ParamsSource(nameof(Names))]
    public string Kernel { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        _pool = new WorkerPool(Environment.ProcessorCount);
        _kernel = KernelCatalogue.All.Single(kernel => kernel.Name == Kernel).Prepare(_pool);
    }

    [Benchmark]
    public void Run() => _kernel!.Run();

    [GlobalCleanup]
    public void Dispose()
    {
        _kernel?.Dispose();
        _pool?.Dispose();
        GC.SuppressFinalize(this);
    }
}
