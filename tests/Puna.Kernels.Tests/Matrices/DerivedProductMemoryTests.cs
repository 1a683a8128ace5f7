using Puna.Kernels.Activations;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Matrices;

[Collection(nameof(NativeMemoryCollection))]
public sealed class DerivedProductMemoryTests
{
    private const int Rows = 300;
    private const int Columns = 515;
    private const int Tokens = 9;

    [Fact]
    public void A_decoded_product_allocates_in_its_first_call_only()
    {
        using var matrix = new DecodedMatrix(TestNumbers.Uniform(Rows * Columns, 1), Rows, Columns);
        using var pool = new WorkerPool(1);
        using var x = new NativeBuffer<float>(Tokens * Columns);
        using var y = new NativeBuffer<float>(Tokens * Rows);
        using var rows = new ActivationRows(Tokens, Columns, ActivationFormat.F32);
        rows.Load(new FloatRows(x.Span, Tokens, Columns));
        AllocatesOnce(() => matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, Rows), pool));
    }

    [Fact]
    public void A_transposed_product_allocates_in_its_first_call_only()
    {
        using var matrix = new DecodedMatrix(TestNumbers.Uniform(Rows * Columns, 1), Rows, Columns);
        using var pool = new WorkerPool(1);
        using var dy = new NativeBuffer<float>(Tokens * Rows);
        using var dx = new NativeBuffer<float>(Tokens * Columns);
        AllocatesOnce(() =>
            matrix.MultiplyTransposed(
                new FloatRows(dy.Span, Tokens, Rows),
                new FloatRows(dx.Span, Tokens, Columns),
                pool
            )
        );
    }

    [Fact]
    public void What_a_pool_keeps_goes_with_it()
    {
        using var matrix = new DecodedMatrix(TestNumbers.Uniform(Rows * Columns, 1), Rows, Columns);
        using var dy = new NativeBuffer<float>(Tokens * Rows);
        using var dx = new NativeBuffer<float>(Tokens * Columns);
        var before = NativeMemoryMeter.Bytes;
        long kept;
        using (var pool = new WorkerPool(1))
        {
            matrix.MultiplyTransposed(
                new FloatRows(dy.Span, Tokens, Rows),
                new FloatRows(dx.Span, Tokens, Columns),
                pool
            );
            kept = NativeMemoryMeter.Bytes - before;
        }

        Assert.True(NativeMemoryMeter.Bytes - before < kept);
    }

    private static void AllocatesOnce(Action call)
    {
        call();
        var native = NativeMemoryMeter.Bytes;
        var managed = GC.GetAllocatedBytesForCurrentThread();
        call();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - managed);
        Assert.True(NativeMemoryMeter.Bytes <= native);
    }
}
