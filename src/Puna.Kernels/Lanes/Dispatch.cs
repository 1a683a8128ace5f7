using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Lanes;

/// <summary>Chooses the width of the kernels once, at start.</summary>
internal static class Dispatch
{
    /// <summary>
    /// Element operations below which waking the other threads (about a microsecond) costs more than it brings.
    /// </summary>
    internal const long ParallelWork = 32 * 1024;

    /// <summary>The level of every kernel of this process.</summary>
    public static KernelLevel Level { get; } = Choose();

    /// <summary>Runs a kernel's body at <see cref="Level"/>.</summary>
    /// <param name="job">The body with its arguments.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="work">Element operations in all; few of them are done by the caller alone.</param>
    internal static void Run<TJob>(TJob job, WorkerPool pool, long work)
        where TJob : struct, ILanesJob
    {
        var level = new LevelJob<TJob>(job);
        Share(ref level, pool, work);
    }

    /// <summary>Runs a job on all threads, or on the caller's alone when there is too little to do.</summary>
    /// <param name="job">The job.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="work">Element operations in all.</param>
    internal static void Share<TJob>(ref TJob job, WorkerPool pool, long work)
        where TJob : struct, IParallelJob, allows ref struct
    {
        if (work < ParallelWork)
        {
            job.Execute(0, 1);
        }
        else
        {
            pool.Run(ref job);
        }
    }

    /// <summary>Runs a part of a kernel's body at <see cref="Level"/> on this thread.</summary>
    internal static void Run<TJob>(TJob job, int part = 0, int parts = 1)
        where TJob : struct, ILanesJob => new LevelJob<TJob>(job).Execute(part, parts);

    /// <summary>The first of the <paramref name="count"/> items that part <paramref name="part"/> does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int PartStart(int count, int part, int parts) =>
        (int)((long)count * part / parts);

    private static KernelLevel Choose()
    {
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
        {
            return KernelLevel.Avx512;
        }

        if (Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported)
        {
            return KernelLevel.Avx2;
        }

        return Vector128.IsHardwareAccelerated ? KernelLevel.Vector128 : KernelLevel.Scalar;
    }

    private readonly struct LevelJob<TJob>(TJob job) : IParallelJob
        where TJob : struct, ILanesJob
    {
        private readonly TJob _job = job;

        public void Execute(int part, int parts)
        {
            switch (Level)
            {
                case KernelLevel.Avx512:
                    _job.Execute<Lanes16>(part, parts);
                    break;
                case KernelLevel.Avx2:
                    _job.Execute<Lanes8>(part, parts);
                    break;
                case KernelLevel.Vector128:
                    _job.Execute<Lanes4>(part, parts);
                    break;
                default:
                    _job.Execute<Lanes1>(part, parts);
                    break;
            }
        }
    }
}
