using Puna.Kernels.Memory;

namespace Puna.Kernels.Tests.Memory;

public sealed class FloatRowsTests
{
    [Fact]
    public void Rows_lie_a_stride_apart_and_slices_show_the_same_memory()
    {
        using var memory = new NativeBuffer<float>(3 * 7 - 2);
        for (var index = 0; index < memory.Length; index++)
        {
            memory.Span[index] = index;
        }

        var rows = new FloatRows(memory.Span, 3, 5, 7);
        Assert.Equal((3, 5, 7, 15L), (rows.Rows, rows.Columns, rows.Stride, rows.Elements));
        Assert.Equal([7f, 8, 9, 10, 11], rows[1].ToArray());
        var last = rows.Slice(1, 2);
        Assert.Equal((2, 5, 7), (last.Rows, last.Columns, last.Stride));
        Assert.Equal([14f, 15, 16, 17, 18], last[1].ToArray());
        Assert.Equal(0, rows.Slice(3, 0).Rows);
        Assert.Equal(0, default(FloatRows).Rows);
    }

    [Fact]
    public void Shapes_that_do_not_fit_the_memory_are_refused()
    {
        using var memory = new NativeBuffer<float>(19);
        Assert.Throws<ArgumentException>(() => new FloatRows(memory.Span, 3, 6, 7));
        Assert.Throws<ArgumentException>(() => new FloatRows(memory.Span, 2, 5, 4));
        Assert.Throws<ArgumentException>(() => new FloatRows(memory.Span, -1, 5));
        Assert.Throws<ArgumentException>(() => new FloatRows(memory.Span, 1, -1));
        Assert.Throws<ArgumentException>(() => new FloatRows(memory.Span, 4, 5));
        Assert.Equal(19, new FloatRows(memory.Span, 1, 19, 0).Columns);
    }

    [Fact]
    public void Rows_outside_the_view_are_refused()
    {
        using var memory = new NativeBuffer<float>(6);
        var rows = new FloatRows(memory.Span, 2, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => rows[2][0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => rows[-1][0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Slice(1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Slice(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Slice(0, -1));
    }
}
