using Puna.Engine.Linear;
using Puna.Engine.Model;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;
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
    private AdapterRun[] _runs = [];

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

    /// <summary>Logits [rows, V] after some tokens of the pass.</summary>
    public void Logits(ReadOnlySpan<int> tokens, NativeSpan<float> logits, WorkerPool pool)
    {
        _asked.Begin(tokens.Length, []);
        var normed = _normed.Values;
        var runs = Gather(tokens, normed, pool);
        _normed.Quantise(pool);
        var result = new FloatRows(logits, tokens.Length, _head.Weight.Rows);
        _head.Weight.Multiply(_normed.Activations, result, pool);
        _head.Finish(_normed.Activations, result, runs, pool);
        if (_multiplier != 1)
        {
            Scale.Forward(result, _multiplier, pool);
        }
    }

    /// <summary>The normalised stream [rows, d] at some tokens of the pass.</summary>
    public void Hidden(ReadOnlySpan<int> tokens, NativeSpan<float> hidden, WorkerPool pool) =>
        _ = Gather(tokens, new FloatRows(hidden, tokens.Length, _stream.Columns), pool);

    /// <inheritdoc/>
    public void Dispose() => _asked.Dispose();

    private ReadOnlySpan<AdapterRun> Gather(
        ReadOnlySpan<int> tokens,
        FloatRows target,
        WorkerPool pool
    )
    {
        var source = _stream.Values;
        var adapters = _stream.Rows.Adapters;
        if (_runs.Length < tokens.Length && !adapters.IsEmpty)
        {
            _runs = new AdapterRun[tokens.Length];
        }

        var count = 0;
        for (var index = 0; index < tokens.Length; index++)
        {
            var row = _stream.Rows.RowOf(tokens[index]);
            source[row].CopyTo(target[index]);
            foreach (var run in adapters)
            {
                if (row >= run.FirstRow && row < run.FirstRow + run.Rows)
                {
                    _runs[count++] = new AdapterRun(run.Adapters, index, 1);
                }
            }
        }

        var runs = _runs.AsSpan(0, count);
        AdaptedNorm.Forward(target, _norm, _epsilon, target, runs, pool);
        return runs;
    }
}
