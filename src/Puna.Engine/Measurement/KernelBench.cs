using System.Diagnostics;
using Puna.Kernels.Cases;
using Puna.Kernels.Limits;
using Puna.Kernels.Threads;

namespace Puna.Engine.Measurement;

/// <summary>Times kernels: each case is prepared, warmed up and run in bursts long enough for the clock.</summary>
public sealed class KernelBench
{
    private const double BurstSeconds = 0.02;
    private readonly WorkerPool _pool;
    private readonly int _repeats;
    private readonly Func<double>? _readBandwidth;

    /// <summary>Prepares the measurement.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="repeats">Bursts; each gives one sample.</param>
    /// <param name="readBandwidth">Tells what memory gives at the moment, in bytes a second; null = is not asked.</param>
    /// <exception cref="InputException">The number of repetitions is out of range.</exception>
    public KernelBench(WorkerPool pool, int repeats, Func<double>? readBandwidth = null)
    {
        BenchOptions.RequireRepeats(repeats);
        _pool = pool;
        _repeats = repeats;
        _readBandwidth = readBandwidth;
    }

    /// <summary>Measures the cases one after the other.</summary>
    /// <param name="cases">What to measure.</param>
    /// <param name="progress">Told before each case.</param>
    /// <param name="cancellation">Ends the measurement between two cases.</param>
    public IEnumerable<KernelRow> Run(
        IReadOnlyCollection<IKernelCase> cases,
        IProgress<BenchProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(cases);
        var done = 0;
        foreach (var kernel in cases)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new((double)done++ / cases.Count, kernel.Name));
            yield return Measure(kernel);
        }
    }

    private KernelRow Measure(IKernelCase kernel)
    {
        using var prepared = kernel.Prepare(_pool);

        // The first run compiles and touches memory; then a burst grows until the clock can measure it.
        prepared.Run();
        var runs = 1;
        var seconds = Burst(prepared, runs);
        while (seconds < BurstSeconds / 2)
        {
            runs *= 2;
            seconds = Burst(prepared, runs);
        }

        runs = Math.Max(1, (int)(runs * BurstSeconds / seconds));
        var readBandwidth = kernel.Work.Home == OperandHome.Memory ? _readBandwidth : null;
        var before = readBandwidth?.Invoke();
        var samples = new double[_repeats];
        for (var index = 0; index < samples.Length; index++)
        {
            samples[index] = Burst(prepared, runs) / runs;
        }

        return new KernelRow(
            kernel,
            new SampleSummary(samples),
            (before + readBandwidth?.Invoke()) / 2
        );
    }

    private static double Burst(IPreparedKernel kernel, int runs)
    {
        var start = Stopwatch.GetTimestamp();
        for (var run = 0; run < runs; run++)
        {
            kernel.Run();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
