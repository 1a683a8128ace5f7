using Puna.Kernels.Memory;

namespace Puna.Kernels.Rope;

/// <summary>
/// cos and sin of position * frequency for every position in use. The angle is rounded to f32 before the functions
/// are taken, as PyTorch's models do: at far positions the rounding of the angle is part of what they were trained with.
/// Growing it is not safe while another thread reads it.
/// </summary>
public sealed class RotaryTable : IDisposable
{
    private const int LeastPositions = 512;
    private readonly float[] _frequencies;
    private readonly NativeBuffer<float> _shift;
    private NativeBuffer<float> _cosines = new(0);
    private NativeBuffer<float> _sines = new(0);

    /// <summary>Makes an empty table.</summary>
    /// <param name="inverseFrequencies">Radians that pair i turns from one position to the next, d/2 of them.</param>
    /// <param name="multiplier">Multiplies both cos and sin, and so the rotated vector; usually 1.</param>
    public RotaryTable(ReadOnlySpan<float> inverseFrequencies, float multiplier = 1)
    {
        _frequencies = inverseFrequencies.ToArray();
        _shift = new NativeBuffer<float>(2L * Half);
        Multiplier = multiplier;
    }

    /// <summary>Pairs, d/2.</summary>
    public int Half => _frequencies.Length;

    /// <summary>Multiplies cos and sin.</summary>
    public float Multiplier { get; }

    /// <summary>Positions 0 to Positions - 1 are in the table.</summary>
    public int Positions { get; private set; }

    /// <summary>cos(p * frequency[i]) * multiplier at p * Half + i.</summary>
    public NativeSpan<float> Cosines => _cosines.Span;

    /// <summary>sin(p * frequency[i]) * multiplier at p * Half + i.</summary>
    public NativeSpan<float> Sines => _sines.Span;

    /// <summary>Makes sure of the positions below <paramref name="positions"/>; does nothing when they are there.</summary>
    public void Reserve(int positions)
    {
        if (positions <= Positions)
        {
            return;
        }

        // At least double, so that a sequence that grows by single tokens is copied a few times only.
        var room = (int)Math.Min(int.MaxValue, Math.Max(positions, 2L * Positions));
        room = Math.Max(room, LeastPositions);
        var cosines = new NativeBuffer<float>((long)room * Half, clear: false);
        var sines = new NativeBuffer<float>((long)room * Half, clear: false);
        CopyTo(_cosines.Span, cosines.Span);
        CopyTo(_sines.Span, sines.Span);
        for (var position = Positions; position < room; position++)
        {
            var start = (long)position * Half;
            Angles(
                position,
                Multiplier,
                cosines.Span.Slice(start, Half),
                sines.Span.Slice(start, Half)
            );
        }

        _cosines.Dispose();
        _sines.Dispose();
        _cosines = cosines;
        _sines = sines;
        Positions = room;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cosines.Dispose();
        _sines.Dispose();
        _shift.Dispose();
        Positions = 0;
    }

    /// <summary>
    /// cos and sin of one position, which may be negative, without the multiplier: cos at i, sin at Half + i. The next
    /// call overwrites them.
    /// </summary>
    internal NativeSpan<float> ShiftAngles(int delta)
    {
        Angles(delta, 1, _shift.Span.Slice(0, Half), _shift.Span.Slice(Half));
        return _shift.Span;
    }

    private void Angles(
        int position,
        float multiplier,
        NativeSpan<float> cosines,
        NativeSpan<float> sines
    )
    {
        for (var pair = 0; pair < _frequencies.Length; pair++)
        {
            var angle = position * _frequencies[pair];
            cosines[pair] = (float)Math.Cos(angle) * multiplier;
            sines[pair] = (float)Math.Sin(angle) * multiplier;
        }
    }

    private static void CopyTo(NativeSpan<float> source, NativeSpan<float> destination)
    {
        for (long index = 0; index < source.Length; index++)
        {
            destination[index] = source[index];
        }
    }
}
