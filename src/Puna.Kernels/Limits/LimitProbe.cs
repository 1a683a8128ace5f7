using System.Diagnostics;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Limits;

/// <summary>
/// Measures <see cref="MachineLimits"/> in short bursts. Of arithmetic and caches the fastest counts, because other work
/// on the machine can only slow a burst down; of memory, which other machines share, the median. It holds the memory that is read, so that measuring again costs no first touch.
/// </summary>
public sealed unsafe class LimitProbe : IDisposable
{
    /// <summary>Bytes read by default: several times the last-level cache of the largest processors.</summary>
    public const long DefaultBytes = 512L << 20;

    // 256 KiB for each thread: more than a first-level cache, half of a small second-level one.
    private const long CachedFloats = 64 * 1024;

    // Arithmetic has its peak in a moment. Memory is shared with others: its longer bursts are summarised by the median,
    // because what counts is what it gives for a while, not in the best moment.
    private const int Bursts = 6;
    private const double BurstSeconds = 0.015;
    private const double MemoryBurstSeconds = 0.1;
    private readonly WorkerPool _pool;
    private readonly NativeBuffer<float> _memory;
    private readonly NativeBuffer<float> _sink;
    private readonly NativeBuffer<byte> _codes = new(Int8Probe.CodeBytes);

    /// <summary>Prepares the probes.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="bytes">Bytes that the read probe walks over; at most an eighth of the machine's memory is used.</param>
    public LimitProbe(WorkerPool pool, long bytes = DefaultBytes)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1 << 16);
        _pool = pool;
        bytes = Math.Min(bytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);
        _memory = new NativeBuffer<float>(bytes / sizeof(float), clear: false);
        _sink = new NativeBuffer<float>((long)pool.Threads * ReadProbe.Line);

        // Memory that was never written is one page of zeros for all addresses, and lies in the cache.
        var touch = new TouchJob(_memory.Span);
        pool.Run(ref touch);
    }

    /// <summary>Measures all limits; takes about two seconds.</summary>
    public MachineLimits Measure() =>
        new(
            ProcessorName.Text,
            Dispatch.Level,
            _pool.Threads,
            Read(_pool, _memory.Length, isMemory: true),
            Read(null, _memory.Length, isMemory: true),
            Read(_pool, Math.Min(_memory.Length, _pool.Threads * CachedFloats), isMemory: false),
            Read(null, Math.Min(_memory.Length, CachedFloats), isMemory: false),
            MultiplyAdd(_pool),
            MultiplyAdd(null),
            Int8(_pool),
            Int8(null)
        );

    /// <summary>
    /// Bytes a second that all threads read from memory right now, over a tenth of a second. What other machines leave of
    /// the memory has been seen to double within seconds: a figure that is held against it needs one beside it.
    /// </summary>
    public double ReadBandwidth()
    {
        var (bytes, seconds) = (0.0, 0.0);
        while (seconds < MemoryBurstSeconds)
        {
            seconds += Seconds(ReadRounds(_pool, _memory.Length), 1);
            bytes += _memory.Span.Bytes;
        }

        return bytes / seconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _sink.Dispose();
        _codes.Dispose();
    }

    // The number of rounds is what a burst repeats; without a pool the caller's thread works alone.
    private double Read(WorkerPool? pool, long floats, bool isMemory) =>
        Rate((double)floats * sizeof(float), ReadRounds(pool, floats), isMemory);

    private Action<long> ReadRounds(WorkerPool? pool, long floats) =>
        rounds =>
            Run(new ReadProbe(_memory.Span.Pointer, floats, rounds, _sink.Span.Pointer), pool);

    private double MultiplyAdd(WorkerPool? pool)
    {
        var lanes = Dispatch.Level switch
        {
            KernelLevel.Avx512 => Lanes16.Width,
            KernelLevel.Avx2 => Lanes8.Width,
            KernelLevel.Vector128 => Lanes4.Width,
            _ => Lanes1.Width,
        };
        return Rate(
            2.0 * MultiplyAddProbe.Chains * lanes * (pool?.Threads ?? 1),
            rounds => Run(new MultiplyAddProbe(rounds, _sink.Span.Pointer), pool)
        );
    }

    private double Int8(WorkerPool? pool) =>
        Rate(
            (double)Int8Probe.RoundOperations * (pool?.Threads ?? 1),
            rounds =>
            {
                var job = new Int8Probe(rounds, _codes.Span.Pointer, (byte*)_sink.Span.Pointer);
                if (pool is null)
                {
                    job.Execute(0, 1);
                }
                else
                {
                    pool.Run(ref job);
                }
            }
        );

    private static void Run<TJob>(TJob job, WorkerPool? pool)
        where TJob : struct, ILanesJob
    {
        if (pool is null)
        {
            Dispatch.Run(job);
        }
        else
        {
            Dispatch.Run(job, pool, long.MaxValue);
        }
    }

    /// <summary>Units a second; one round does <paramref name="unit"/>.</summary>
    private static double Rate(double unit, Action<long> work, bool isMemory = false)
    {
        // The first calls compile the probe; then a burst grows until the clock can measure it.
        var length = isMemory ? MemoryBurstSeconds : BurstSeconds;
        work(1);
        var rounds = 1L;
        var seconds = Seconds(work, rounds);
        while (seconds < length / 4)
        {
            rounds *= 2;
            seconds = Seconds(work, rounds);
        }

        rounds = Math.Max(1, (long)(rounds * length / seconds));
        var bursts = new double[Bursts];
        for (var burst = 0; burst < bursts.Length; burst++)
        {
            bursts[burst] = rounds * unit / Seconds(work, rounds);
        }

        return isMemory ? new SampleSummary(bursts).Median : bursts.Max();
    }

    private static double Seconds(Action<long> work, long rounds)
    {
        var start = Stopwatch.GetTimestamp();
        work(rounds);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private readonly struct TouchJob(NativeSpan<float> memory) : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            var first = memory.Length * part / parts;
            var count = memory.Length * (part + 1) / parts - first;
            for (var done = 0L; done < count; done += 1 << 20)
            {
                memory.Slice(first + done, Math.Min(1 << 20, count - done)).Span.Fill(1);
            }
        }
    }
}
