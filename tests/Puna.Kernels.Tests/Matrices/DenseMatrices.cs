using System.Runtime.InteropServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Matrices;

/// <summary>Makes dense matrices of known values.</summary>
internal static class DenseMatrices
{
    public static readonly WeightFormat[] Formats =
    [
        WeightFormats.F32,
        WeightFormats.F16,
        WeightFormats.BF16,
    ];

    /// <summary>Codes the values, and puts into <paramref name="values"/> what the code stands for.</summary>
    public static byte[] Encode(WeightFormat format, float[] values)
    {
        if (format == WeightFormats.F32)
        {
            return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        }

        var bits = new ushort[values.Length];
        if (format == WeightFormats.F16)
        {
            FloatConversion.F32ToF16(values, bits);
            FloatConversion.F16ToF32(bits, values);
        }
        else
        {
            FloatConversion.F32ToBF16(values, bits);
            FloatConversion.BF16ToF32(bits, values);
        }

        return MemoryMarshal.AsBytes(bits.AsSpan()).ToArray();
    }

    /// <summary>A matrix, packed from memory that faults when read too far, and its values row by row.</summary>
    public static PackedMatrix Pack(
        WeightFormat format,
        int rows,
        int columns,
        out float[] values,
        int seed = 1,
        int[]? order = null
    )
    {
        values = TestNumbers.Uniform(rows * columns, seed);
        using var source = new GuardedBuffer<byte>(Encode(format, values));
        using var pool = new WorkerPool(1);
        return format.Pack(new StoredMatrix(source.Span, rows, columns, order ?? []), pool);
    }

    /// <summary>The product by the public way, rows of x and y contiguous.</summary>
    public static float[] Multiply(PackedMatrix matrix, float[] x, int tokens, WorkerPool pool)
    {
        using var values = new GuardedBuffer<float>(x);
        using var rows = new ActivationRows(tokens, matrix.Columns, ActivationFormat.F32);
        using var y = new GuardedBuffer<float>(tokens * matrix.Rows);
        rows.Load(new FloatRows(values.Span, tokens, matrix.Columns));
        matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, matrix.Rows), pool);
        return y.ToArray();
    }
}
