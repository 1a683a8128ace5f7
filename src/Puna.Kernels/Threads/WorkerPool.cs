using System.Runtime.CompilerServices;

namespace Puna.Kernels.Threads;

/// <summary>
/// A fixed set of threads that run the parts of one job at a time; the caller's thread does part 0. Between jobs the
/// workers spin for a short while (a token's kernels follow each other within microseconds), yield, and then sleep.
/// Not re-entrant: a job must not run another job, and one thread at a time may call <see cref="Run"/>.
/// </summary>
public sealed unsafe class WorkerPool : IDisposable
{
    // A round of spinning lasts about 0.3 microseconds: some 50 microseconds in all, longer than the pauses between the
    // kernels of a token. Then the processor is offered to others, so that on a busy machine the thread that everyone
    // waits for gets to run, and only then a worker sleeps.
    private const int SpinRounds = 160;
    private const int YieldRounds = 1500;
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim[] _wake;
    private readonly int[] _asleep;
    private void* _job;
    private delegate* <void*, int, int, void> _entry;
    private volatile int _generation;
    private int _pending;
    private volatile bool _stopping;
    private Exception? _fault;

    /// <summary>Starts <paramref name="threads"/> - 1 workers.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        _wake = new SemaphoreSlim[threads - 1];
        // One cache line apart, so that a worker going to sleep does not disturb its neighbour.
        _asleep = new int[threads * 16];
        for (var index = 0; index < _workers.Length; index++)
        {
            var part = index + 1;
            _wake[index] = new SemaphoreSlim(0);
            _workers[index] = new Thread(() => Work(part))
            {
                IsBackground = true,
                Name = $"puna-worker-{part}",
            };
            _workers[index].Start();
        }
    }

    /// <summary>Number of threads that work on a job, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Runs every part of the job and returns when all are done.</summary>
    /// <exception cref="AggregateException">A part threw; the first fault is inside.</exception>
    public void Run<TJob>(ref TJob job)
        where TJob : struct, IParallelJob
    {
        if (_workers.Length == 0)
        {
            job.Execute(0, 1);
            return;
        }

        // The caller blocks until all parts are done, so the job may live on its stack (or be pinned by `fixed`).
        fixed (byte* pointer = &Unsafe.As<TJob, byte>(ref job))
        {
            _job = pointer;
            _entry = &Enter<TJob>;
            Volatile.Write(ref _pending, _workers.Length);
            Interlocked.Increment(ref _generation);
            for (var index = 0; index < _workers.Length; index++)
            {
                if (Interlocked.Exchange(ref _asleep[(index + 1) * 16], 0) == 1)
                {
                    _wake[index].Release();
                }
            }

            try
            {
                job.Execute(0, Threads);
            }
            finally
            {
                for (var rounds = 0; Volatile.Read(ref _pending) > 0; rounds++)
                {
                    Pause(rounds);
                }
            }
        }

        if (_fault is { } fault)
        {
            _fault = null;
            throw new AggregateException(fault);
        }
    }

    /// <summary>Ends the workers.</summary>
    public void Dispose()
    {
        _stopping = true;
        Interlocked.Increment(ref _generation);
        for (var index = 0; index < _workers.Length; index++)
        {
            _wake[index].Release();
            _workers[index].Join();
            _wake[index].Dispose();
        }
    }

    private static void Enter<TJob>(void* job, int part, int parts)
        where TJob : struct, IParallelJob => Unsafe.AsRef<TJob>(job).Execute(part, parts);

    private static void Pause(int rounds)
    {
        if (rounds < SpinRounds)
        {
            Thread.SpinWait(8);
        }
        else
        {
            _ = Thread.Yield();
        }
    }

    private void Work(int part)
    {
        var seen = 0;
        while (true)
        {
            var rounds = 0;
            while (_generation == seen)
            {
                if (++rounds < SpinRounds + YieldRounds)
                {
                    Pause(rounds);
                    continue;
                }

                // Announce sleep first and look again after: a job that starts in between sees the announcement.
                Interlocked.Exchange(ref _asleep[part * 16], 1);
                if (_generation != seen && Interlocked.Exchange(ref _asleep[part * 16], 0) == 1)
                {
                    break;
                }

                _wake[part - 1].Wait();
                rounds = 0;
            }

            seen = _generation;
            if (_stopping)
            {
                return;
            }

            try
            {
                _entry(_job, part, Threads);
            }
            catch (Exception fault)
            {
                _fault = fault;
            }

            Interlocked.Decrement(ref _pending);
        }
    }
}
