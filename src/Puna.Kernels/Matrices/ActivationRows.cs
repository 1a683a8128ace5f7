using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>
/// A batch of activation rows x [T, K], as f32 and, in int8 mode, also quantised once for all the matrices that read
/// them. Each row is quantised by itself in blocks of 32: the result is the same whatever T is.
/// </summary>
public sealed class ActivationRows : IDisposable
{
    /// <summary>Columns in one int8 block.</summary>
    public const int BlockSize = 32;

    private readonly NativeBuffer<sbyte> _codes;
    private readonly NativeBuffer<float> _scales;
    private readonly NativeBuffer<short> _sums;

    /// <summary>Makes room for <paramref name="maximumTokens"/> rows of up to <paramref name="maximumColumns"/>.</summary>
    public ActivationRows(int maximumTokens, int maximumColumns, ActivationFormat format)
    {
        Format = format;
        var blocks =
            format == ActivationFormat.Int8 ? (maximumColumns + BlockSize - 1) / BlockSize : 0;
        _codes = new NativeBuffer<sbyte>((long)maximumTokens * blocks * BlockSize);
        _scales = new NativeBuffer<float>((long)maximumTokens * blocks);
        _sums = new NativeBuffer<short>((long)maximumTokens * blocks * 2);
    }

    /// <summary>The arithmetic that these rows ask for.</summary>
    public ActivationFormat Format { get; }

    /// <summary>Rows T now held.</summary>
    public int Tokens { get; private set; }

    /// <summary>Columns K of each row.</summary>
    public int Columns { get; private set; }

    /// <summary>Blocks of a row: K / 32 rounded up; the last is filled with zeros.</summary>
    public int Blocks => (Columns + BlockSize - 1) / BlockSize;

    /// <summary>The f32 rows, row t at t * <see cref="Stride"/>; owned by the caller of <see cref="Load"/>.</summary>
    public NativeSpan<float> Values { get; private set; }

    /// <summary>Distance between f32 rows, in elements.</summary>
    public int Stride { get; private set; }

    /// <summary>Int8 codes [T, Blocks * 32]; empty in f32 mode.</summary>
    public NativeSpan<sbyte> Codes => _codes.Span;

    /// <summary>Scales [T, Blocks]: x is about code * scale.</summary>
    public NativeSpan<float> Scales => _scales.Span;

    /// <summary>Sums of the codes [T, Blocks * 2], one for each 16 columns, for formats that have a minimum.</summary>
    public NativeSpan<short> Sums => _sums.Span;

    /// <summary>Takes a batch: remembers where the f32 rows are and, in int8 mode, quantises them.</summary>
    public void Load(NativeSpan<float> values, int stride, int tokens, int columns)
    {
        Values = values;
        Stride = stride;
        Tokens = tokens;
        Columns = columns;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _codes.Dispose();
        _scales.Dispose();
        _sums.Dispose();
    }
}
