using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Puna.Kernels.Activations;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Linear;

/// <summary>
/// A weight that is a sum of terms behind one transform of the inputs: y = sum over i of W_i T x. A quantised matrix and
/// the low-rank correction of its error, a stack of binary planes, a sparse matrix and a dense remainder are such sums. Each
/// term multiplies in its own format.
/// </summary>
internal sealed class SumWeight : PackedMatrix
{
    private readonly PackedMatrix[] _terms;
    private readonly InputTransform? _transform;

    /// <summary>Takes ownership of the terms.</summary>
    /// <param name="terms">At least one; all of one shape.</param>
    /// <param name="transform">T; null = none.</param>
    /// <exception cref="ArgumentException">There is no term, or two differ in shape.</exception>
    public SumWeight(IReadOnlyList<PackedMatrix> terms, InputTransform? transform = null)
        : base(First(terms).Rows, First(terms).Columns)
    {
        _terms = [.. terms];
        _transform = transform;
        foreach (var term in _terms)
        {
            if (term.Rows != Rows || term.Columns != Columns)
            {
                throw new ArgumentException(
                    $"A sum of matrices of {Rows} x {Columns} has a term of {term.Rows} x {term.Columns}.",
                    nameof(terms)
                );
            }
        }
    }

    /// <inheritdoc/>
    public override long Bytes => _terms.Sum(term => term.Bytes);

    /// <inheritdoc/>
    public override void DequantRows(int firstRow, int rowCount, Span<float> destination)
    {
        _terms[0].DequantRows(firstRow, rowCount, destination);
        var other = ArrayPool<float>.Shared.Rent(rowCount * Columns);
        foreach (var term in _terms.AsSpan(1))
        {
            var values = other.AsSpan(0, rowCount * Columns);
            term.DequantRows(firstRow, rowCount, values);
            for (var index = 0; index < values.Length; index++)
            {
                destination[index] += values[index];
            }
        }

        ArrayPool<float>.Shared.Return(other);
        for (var row = 0; _transform is not null && row < rowCount; row++)
        {
            _transform.Transposed(destination.Slice(row * Columns, Columns));
        }
    }

    /// <inheritdoc/>
    public override void Multiply(ActivationRows x, FloatRows y, WorkerPool pool)
    {
        CheckProduct(x, y);
        if (x.Tokens == 0)
        {
            return;
        }

        var scratch = Scratch.Enter();
        try
        {
            if (_transform is { } transform)
            {
                x = scratch.Transform(transform, x, pool);
            }

            _terms[0].Multiply(x, y, pool);
            foreach (var term in _terms.AsSpan(1))
            {
                var part = scratch.Part(x.Tokens, Rows);
                term.Multiply(x, part, pool);
                ScaledAdd.Forward(y, part, 1, pool);
            }
        }
        finally
        {
            Scratch.Leave();
        }
    }

    /// <inheritdoc/>
    public override void MultiplyTransposed(FloatRows dy, FloatRows dx, WorkerPool pool)
    {
        if (_transform is not { } transform)
        {
            foreach (var term in _terms)
            {
                term.MultiplyTransposed(dy, dx, pool);
            }

            return;
        }

        var scratch = Scratch.Enter();
        try
        {
            var inner = scratch.Part(dx.Rows, Columns);
            inner.Values.Span.Clear();
            foreach (var term in _terms)
            {
                term.MultiplyTransposed(dy, inner, pool);
            }

            for (var row = 0; row < inner.Rows; row++)
            {
                transform.Transposed(inner[row]);
            }

            ScaledAdd.Forward(dx, inner, 1, pool);
        }
        finally
        {
            Scratch.Leave();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var term in _terms)
        {
            term.Dispose();
        }
    }

    private static PackedMatrix First(IReadOnlyList<PackedMatrix> terms) =>
        terms.Count > 0
            ? terms[0]
            : throw new ArgumentException("A sum needs at least one term.", nameof(terms));

    /// <summary>Work space of a thread, one for each sum inside another; it only grows.</summary>
    [SuppressMessage(
        "Design",
        "CA1001:Types that own disposable fields should be disposable",
        Justification = "It lives as long as its thread; its buffers have finalisers."
    )]
    private sealed class Scratch
    {
        [ThreadStatic]
        private static List<Scratch>? t_all;

        [ThreadStatic]
        private static int t_depth;

        private NativeBuffer<float> _part = new(0);
        private NativeBuffer<float> _turned = new(0);
        private ActivationRows? _rows;
        private (int Tokens, int Columns) _room;

        public static Scratch Enter()
        {
            t_all ??= [];
            if (t_depth == t_all.Count)
            {
                t_all.Add(new Scratch());
            }

            return t_all[t_depth++];
        }

        public static void Leave() => t_depth--;

        public FloatRows Part(int rows, int columns) =>
            new(Grow(ref _part, rows, columns), rows, columns);

        public ActivationRows Transform(InputTransform transform, ActivationRows x, WorkerPool pool)
        {
            var turned = new FloatRows(Grow(ref _turned, x.Tokens, x.Columns), x.Tokens, x.Columns);
            transform.Forward(x.Rows, turned, pool);
            if (
                _rows is null
                || _rows.Format != x.Format
                || _room.Tokens < x.Tokens
                || _room.Columns < x.Columns
            )
            {
                _rows?.Dispose();
                _room = (Math.Max(_room.Tokens, x.Tokens), Math.Max(_room.Columns, x.Columns));
                _rows = new ActivationRows(_room.Tokens, _room.Columns, x.Format);
            }

            _rows.Load(turned, pool);
            return _rows;
        }

        private static NativeSpan<float> Grow(ref NativeBuffer<float> buffer, int rows, int columns)
        {
            var needed = (long)rows * columns;
            if (buffer.Length < needed)
            {
                buffer.Dispose();
                buffer = new NativeBuffer<float>(needed, clear: false);
            }

            return buffer.Span.Slice(0, needed);
        }
    }
}
