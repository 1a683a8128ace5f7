using Puna.Engine.Linear;
using Puna.Engine.Model;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;
using Puna.Kernels.Norm;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>What follows the last layer, for the rows that are asked for: final norm, output matrix, multiplier.</summary>
internal sealed class OutputHead : IDisposable
{
    private readonly RowSet _asked;
    private readonly Slot _stream;
    private readonly Slot _normed;
    private readonly NativeBuffer<float> _norm;
    private readonly LinearLayer _head;
    private readonly float _epsilon;
    private readonly float _multiplier;

    /// <summary>Makes the head of a model behind its last stream.</summary>
    public OutputHead(LanguageModel model, Slot stream, SlotTable slots)
    {
        _stream = stream;
        _norm = model.Weights.FinalNorm;
        _head = model.Weights.Head;
        _epsilon = model.Config.NormEpsilon;
        _multiplier = model.Config.LogitsMultiplier;
        _asked = new RowSet(stream.Rows.Maximum);
        _normed = slots.Add("head", _asked, stream.Columns, feedsProducts: true);
    }

    /// <summary>Tells what it does with slots.</summary>
    public void Declare(SlotUses uses)
    {
        uses.Reads(_stream);
        uses.Writes(_normed);
        uses.Saves(_stream);
    }

    /// <summary>Logits [rows, V] after neighbouring rows of the pass.</summary>
    public void Logits(int firstRow, int rows, NativeSpan<float> logits, WorkerPool pool)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow + rows, _stream.Rows.Count);
        _asked.Begin(rows, []);
        var width = _stream.Columns;
        var source = _stream.Values.Slice((long)firstRow * width, (long)rows * width);
        Normalise(source, _normed.Values, rows, pool);
        Multiply(logits, pool);
    }

    /// <summary>Logits [rows, V] after some rows of the pass.</summary>
    public void Logits(ReadOnlySpan<int> rows, NativeSpan<float> logits, WorkerPool pool)
    {
        _asked.Begin(rows.Length, []);
        Hidden(rows, _normed.Values, pool);
        Multiply(logits, pool);
    }

    /// <summary>The normalised stream [rows, d] at some rows of the pass.</summary>
    public void Hidden(ReadOnlySpan<int> rows, NativeSpan<float> hidden, WorkerPool pool)
    {
        var width = _stream.Columns;
        for (var index = 0; index < rows.Length; index++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(rows[index]);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rows[index], _stream.Rows.Count);
            _stream
                .Values.Slice((long)rows[index] * width, width)
                .Span.CopyTo(hidden.Slice((long)index * width, width).Span);
        }

        Normalise(hidden, hidden, rows.Length, pool);
    }

    /// <inheritdoc/>
    public void Dispose() => _asked.Dispose();

    private void Normalise(
        NativeSpan<float> source,
        NativeSpan<float> target,
        int rows,
        WorkerPool pool
    )
    {
        var width = _stream.Columns;
        RmsNorm.Forward(source, width, _norm.Span, _epsilon, target, width, rows, width, pool);
    }

    private void Multiply(NativeSpan<float> logits, WorkerPool pool)
    {
        _normed.Quantise(pool);
        _head.Weight.Multiply(_normed.Activations, logits, _head.Weight.Rows, pool);
        _head.Finish(_normed.Activations, logits, pool);
        if (_multiplier != 1)
        {
            var width = _head.Weight.Rows;
            Scale.Forward(logits, width, _multiplier, _asked.Count, width, pool);
        }
    }
}
