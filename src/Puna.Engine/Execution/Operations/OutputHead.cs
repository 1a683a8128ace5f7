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
        Normalise(_stream.Values.Slice(firstRow, rows), _normed.Values, pool);
        Multiply(logits, pool);
    }

    /// <summary>Logits [rows, V] after some rows of the pass.</summary>
    public void Logits(ReadOnlySpan<int> rows, NativeSpan<float> logits, WorkerPool pool)
    {
        _asked.Begin(rows.Length, []);
        Hidden(rows, _normed.Values.Values, pool);
        Multiply(logits, pool);
    }

    /// <summary>The normalised stream [rows, d] at some rows of the pass.</summary>
    public void Hidden(ReadOnlySpan<int> rows, NativeSpan<float> hidden, WorkerPool pool)
    {
        var (source, target) = (
            _stream.Values,
            new FloatRows(hidden, rows.Length, _stream.Columns)
        );
        for (var index = 0; index < rows.Length; index++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(rows[index]);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rows[index], source.Rows);
            source[rows[index]].CopyTo(target[index]);
        }

        Normalise(target, target, pool);
    }

    /// <inheritdoc/>
    public void Dispose() => _asked.Dispose();

    private void Normalise(FloatRows source, FloatRows target, WorkerPool pool) =>
        RmsNorm.Forward(source, _norm.Span, _epsilon, target, pool);

    private void Multiply(NativeSpan<float> logits, WorkerPool pool)
    {
        _normed.Quantise(pool);
        var result = new FloatRows(logits, _asked.Count, _head.Weight.Rows);
        _head.Weight.Multiply(_normed.Activations, result, pool);
        _head.Finish(_normed.Activations, result, pool);
        if (_multiplier != 1)
        {
            Scale.Forward(result, _multiplier, pool);
        }
    }
}
