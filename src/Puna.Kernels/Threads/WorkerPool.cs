using System.Runtime.CompilerServices;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Threads;

/// <summary>
/// A fixed set of threads that run the parts of one job at a time; the caller's thread does part 0, and any part that
/// no worker has begun by then, so that a worker whose processor is busy elsewhere delays nobody. Between jobs the
/// workers spin for a short while (a token's kernels follow each other within microseconds), yield, and then sleep.
/// Not re-entrant: a job must not run another job, and one thread at a time may call <see cref="Run"/>.
/// </summary>
public sealed unsafe class WorkerPool : IDisposable
{
    // Some 50 microseconds of spinning, longer than the pauses between the kernels of a token. Then the processor is
    // offered to others, so that on a busy machine the thread that everyone waits for gets to run, and only then a
    // worker sleeps.
    private const int SpinRounds = 640;
    private const int YieldRounds = 1500;

    // One cache line for each worker: its part of the current job, and whether it sleeps. The part's word is
    // 4 * (number of the job) + one of the states, so that a worker that comes late cannot mistake one job for another.
    private const int SlotWords = 16;
    private const int AsleepWord = 1;
    private const long Offered = 0;
    private const long Taken = 1;
    private const long Done = 2;
    private const long StateMask = 3;

    private readonly Thread[] _workers;
    private readonly SemaphoreSlim[] _wake;
    private readonly long[] _slots;
    private void* _job;
    private delegate* <void*, int, int, void> _entry;
    private long _jobs;
    private volatile bool _stopping;
    private Exception? _fault;
    private NativeBuffer<float> _scratch = new(0);

    /// <summary>Starts <paramref name="threads"/> - 1 workers.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        _wake = new SemaphoreSlim[threads - 1];
        _slots = new long[(threads + 1) * SlotWords];
        for (var index = 0; index < _workers.Length; index++)
        {
            var part = index + 1;
            Slot(part) = Done;
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
        where TJob : struct, IParallelJob, allows ref struct
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
            Offer();
            var finished = false;
            try
            {
                job.Execute(0, Threads);
                finished = true;
            }
            finally
            {
                Complete(finished);
            }
        }

        if (_fault is { } fault)
        {
            _fault = null;
            throw new AggregateException(fault);
        }
    }

    /// <summary>
    /// Work space of the one thread that calls <see cref="Run"/>, for what its jobs share: at least
    /// <paramref name="count"/> floats from a cache line's begin on, of any content. It is kept as long as the pool
    /// lives, so that a kernel allocates in its first call only. One user at a time: what runs inside another's use must
    /// not take it.
    /// </summary>
    internal NativeSpan<float> Scratch(long count)
    {
        if (_scratch.Length < count)
        {
            _scratch.Dispose();
            _scratch = new NativeBuffer<float>(count, clear: false);
        }

        return _scratch.Span.Slice(0, count);
    }

    /// <summary>Ends the workers.</summary>
    public void Dispose()
    {
        _stopping = true;
        for (var index = 0; index < _workers.Length; index++)
        {
            _wake[index].Release();
            _workers[index].Join();
            _wake[index].Dispose();
        }

        _scratch.Dispose();
    }

    private static void Enter<TJob>(void* job, int part, int parts)
        where TJob : struct, IParallelJob, allows ref struct =>
        Unsafe.AsRef<TJob>(job).Execute(part, parts);

    private static void Pause(int rounds)
    {
        if (rounds < SpinRounds)
        {
            Thread.SpinWait(2);
        }
        else
        {
            _ = Thread.Yield();
        }
    }

    private ref long Slot(int part) => ref _slots[part * SlotWords];

    private ref long Asleep(int part) => ref _slots[part * SlotWords + AsleepWord];

    private void Offer()
    {
        _jobs++;
        for (var part = 1; part < Threads; part++)
        {
            _ = Interlocked.Exchange(ref Slot(part), 4 * _jobs + Offered);
            if (
                Volatile.Read(ref Asleep(part)) == 1
                && Interlocked.Exchange(ref Asleep(part), 0) == 1
            )
            {
                _wake[part - 1].Release();
            }
        }
    }

    /// <summary>Does (or, after a fault, gives up) the parts that nobody has begun, and waits for the others.</summary>
    private void Complete(bool execute)
    {
        for (var part = 1; part < Threads; part++)
        {
            if (Take(part, 4 * _jobs + Offered))
            {
                if (execute)
                {
                    Execute(part);
                }

                continue;
            }

            for (var rounds = 0; Volatile.Read(ref Slot(part)) != 4 * _jobs + Done; rounds++)
            {
                Pause(rounds);
            }
        }
    }

    private bool Take(int part, long offer) =>
        Interlocked.CompareExchange(ref Slot(part), offer - Offered + Taken, offer) == offer;

    private void Execute(int part)
    {
        try
        {
            _entry(_job, part, Threads);
        }
        catch (Exception fault)
        {
            _fault = fault;
        }

        Volatile.Write(ref Slot(part), (Slot(part) & ~StateMask) + Done);
    }

    private void Work(int part)
    {
        while (true)
        {
            for (var rounds = 0; ; rounds++)
            {
                var word = Volatile.Read(ref Slot(part));
                if (_stopping)
                {
                    return;
                }

                if ((word & StateMask) == Offered && Take(part, word))
                {
                    break;
                }

                if (rounds < SpinRounds + YieldRounds)
                {
                    Pause(rounds);
                }
                else
                {
                    Sleep(part);
                    rounds = 0;
                }
            }

            Execute(part);
        }
    }

    private void Sleep(int part)
    {
        // Announce sleep first and look again after: a job that starts in between sees the announcement.
        Interlocked.Exchange(ref Asleep(part), 1);
        if (
            (Volatile.Read(ref Slot(part)) & StateMask) == Offered
            && Interlocked.Exchange(ref Asleep(part), 0) == 1
        )
        {
            return;
        }

        _wake[part - 1].Wait();
    }
}
