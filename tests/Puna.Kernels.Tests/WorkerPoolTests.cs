using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_part_runs_exactly_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var round = 0; round < 200; round++)
        {
            var counts = new int[threads];
            var job = new CountingJob(counts);
            pool.Run(ref job);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Sleeping_workers_wake_up()
    {
        using var pool = new WorkerPool(2);
        for (var round = 0; round < 5; round++)
        {
            Thread.Sleep(20);
            var counts = new int[2];
            var job = new CountingJob(counts);
            pool.Run(ref job);
            Assert.Equal([1, 1], counts);
        }
    }

    [Fact]
    public void More_threads_than_processors_finish_every_part_of_many_jobs()
    {
        using var pool = new WorkerPool(4 * Environment.ProcessorCount);
        var counts = new int[pool.Threads];
        for (var round = 0; round < 3000; round++)
        {
            var job = new CountingJob(counts);
            pool.Run(ref job);
        }

        Assert.All(counts, count => Assert.Equal(3000, count));
    }

    [Fact]
    public void A_fault_in_the_callers_part_waits_for_the_parts_that_have_begun()
    {
        using var pool = new WorkerPool(3);
        for (var round = 0; round < 300; round++)
        {
            var begun = new int[3];
            var ended = new int[3];
            var failing = new FirstPartFails(begun, ended);
            Assert.Throws<InvalidOperationException>(() => pool.Run(ref failing));
            Assert.Equal(begun, ended);
            Assert.Equal(0, begun[0]);
        }
    }

    [Fact]
    public void A_fault_in_a_worker_reaches_the_caller_and_the_pool_goes_on()
    {
        using var pool = new WorkerPool(2);
        var failing = new FailingJob();
        Assert.Throws<AggregateException>(() => pool.Run(ref failing));
        var counts = new int[2];
        var job = new CountingJob(counts);
        pool.Run(ref job);
        Assert.Equal([1, 1], counts);
    }

    private readonly struct CountingJob(int[] counts) : IParallelJob
    {
        public void Execute(int part, int parts) => Interlocked.Increment(ref counts[part]);
    }

    private readonly struct FirstPartFails(int[] begun, int[] ended) : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            if (part == 0)
            {
                throw new InvalidOperationException("part 0");
            }

            Volatile.Write(ref begun[part], 1);
            Thread.SpinWait(200);
            Volatile.Write(ref ended[part], 1);
        }
    }

    private readonly struct FailingJob : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            if (part == 1)
            {
                throw new InvalidOperationException("part 1");
            }
        }
    }
}
