using Puna.Kernels.Memory;

namespace Puna.Kernels.Rope;

/// <summary>
/// cos and sin of position * frequency for the tokens of one pass. Below <see cref="ExactFrom"/> the angle is rounded to
/// f32 before the functions are taken, as PyTorch's models do: the rounding is part of what they were trained with. From
/// there on, where no model was trained and the rounding would grow past what tells neighbours apart, the angle is f64.
/// Memory grows with the batch, not with the position. One thread at a time.
/// </summary>
public sealed class RotaryAngles : IDisposable
{
    // Kept from pass to pass: 4 MiB for heads of 128.
    private const int MostKept = 8192;
    private const int LeastKept = 512;
    private readonly float[] _frequencies;
    private readonly int _keepBelow;
    private readonly Rows _shift;
    private Rows _kept;
    private Rows _rows;
    private int _keptPositions;

    /// <summary>Makes angles without any row.</summary>
    /// <param name="inverseFrequencies">Radians that pair i turns from one position to the next, d/2 of them.</param>
    /// <param name="exactFrom">First position, either way from 0, whose angle is not rounded to f32: the context that a model was made for.</param>
    /// <param name="multiplier">Multiplies both cos and sin, and so the rotated vector; usually 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exactFrom"/> is negative.</exception>
    public RotaryAngles(
        ReadOnlySpan<float> inverseFrequencies,
        int exactFrom = int.MaxValue,
        float multiplier = 1
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exactFrom);
        _frequencies = inverseFrequencies.ToArray();
        _keepBelow = Math.Min(exactFrom, MostKept);
        _shift = new Rows(1, Half);
        _kept = new Rows(0, Half);
        _rows = new Rows(0, Half);
        ExactFrom = exactFrom;
        Multiplier = multiplier;
    }

    /// <summary>Pairs, d/2.</summary>
    public int Half => _frequencies.Length;

    /// <summary>First position, either way from 0, whose angle is not rounded to f32.</summary>
    public int ExactFrom { get; }

    /// <summary>Multiplies cos and sin.</summary>
    public float Multiplier { get; }

    /// <summary>Tokens T of the pass that was prepared last.</summary>
    public int Tokens { get; private set; }

    /// <summary>cos(position[t] * frequency[i]) * multiplier, [T, Half].</summary>
    public FloatRows Cosines => new(_rows.Cosines.Span, Tokens, Half);

    /// <summary>sin(position[t] * frequency[i]) * multiplier, [T, Half].</summary>
    public FloatRows Sines => new(_rows.Sines.Span, Tokens, Half);

    /// <summary>Makes the rows of one pass; those of the pass before are gone.</summary>
    /// <param name="positions">Position of each token; a negative one turns backwards.</param>
    public void Prepare(ReadOnlySpan<int> positions)
    {
        if (_rows.Count < positions.Length)
        {
            var room = Math.Max(positions.Length, 2 * _rows.Count);
            _rows.Dispose();
            _rows = new Rows(room, Half);
        }

        Tokens = positions.Length;
        for (var token = 0; token < positions.Length; token++)
        {
            var distance = Math.Abs((long)positions[token]);
            var cosines = _rows.Cosine(token);
            var sines = _rows.Sine(token);
            if (distance < _keepBelow)
            {
                Keep((int)distance + 1);
                _kept.Cosine((int)distance).CopyTo(cosines);
                _kept.Sine((int)distance).CopyTo(sines);
            }
            else
            {
                Turn(distance, Multiplier, cosines, sines);
            }

            if (positions[token] < 0)
            {
                foreach (ref var sine in sines)
                {
                    sine = -sine;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shift.Dispose();
        _kept.Dispose();
        _rows.Dispose();
        Tokens = 0;
        _keptPositions = 0;
    }

    /// <summary>cos and sin of one distance, which may be negative, without the multiplier. The next call overwrites them.</summary>
    internal (NativeSpan<float> Cosines, NativeSpan<float> Sines) Shift(int delta)
    {
        Turn(delta, 1, _shift.Cosine(0), _shift.Sine(0));
        return (_shift.Cosines.Span, _shift.Sines.Span);
    }

    /// <summary>Makes sure that the positions below <paramref name="positions"/> are kept.</summary>
    private void Keep(int positions)
    {
        if (positions <= _keptPositions)
        {
            return;
        }

        // At least double, so that a sequence that grows by single tokens is copied a few times only.
        var room = Math.Max(Math.Max(positions, LeastKept), 2 * _keptPositions);
        room = Math.Min(room, _keepBelow);
        var grown = new Rows(room, Half);
        for (var position = 0; position < room; position++)
        {
            if (position < _keptPositions)
            {
                _kept.Cosine(position).CopyTo(grown.Cosine(position));
                _kept.Sine(position).CopyTo(grown.Sine(position));
            }
            else
            {
                Turn(position, Multiplier, grown.Cosine(position), grown.Sine(position));
            }
        }

        _kept.Dispose();
        _kept = grown;
        _keptPositions = room;
    }

    private void Turn(long position, float multiplier, Span<float> cosines, Span<float> sines)
    {
        var exact = Math.Abs(position) >= ExactFrom;
        for (var pair = 0; pair < _frequencies.Length; pair++)
        {
            // The product of a position below 2^29 and an f32 has at most 53 bits: no rounding at all.
            var angle = exact
                ? position * (double)_frequencies[pair]
                : (float)position * _frequencies[pair];
            cosines[pair] = (float)Math.Cos(angle) * multiplier;
            sines[pair] = (float)Math.Sin(angle) * multiplier;
        }
    }

    /// <summary>cos and sin, [Count, half] each.</summary>
    private sealed class Rows(int count, int half) : IDisposable
    {
        public int Count => count;

        public NativeBuffer<float> Cosines { get; } = new((long)count * half, clear: false);

        public NativeBuffer<float> Sines { get; } = new((long)count * half, clear: false);

        public Span<float> Cosine(int row) => Cosines.Span.Slice((long)row * half, half).Span;

        public Span<float> Sine(int row) => Sines.Span.Slice((long)row * half, half).Span;

        public void Dispose()
        {
            Cosines.Dispose();
            Sines.Dispose();
        }
    }
}
