using Puna.Engine.Execution;
using Puna.Kernels.Memory;

namespace Puna.Engine.Runtime;

/// <summary>
/// One pass over new rows of several sequences, whatever they are: pieces of prompts, single tokens, drafts, blocks. The
/// weights are read once for all rows, and the head once for all rows whose logits are asked for. It is filled, run, asked,
/// and cleared; each sequence then commits or drops its own rows. Allocates nothing once it has grown.
/// </summary>
public sealed class Batch : IDisposable
{
    private readonly InferenceEngine _engine;
    private readonly int[] _tokens;
    private Sequence[] _sequences = new Sequence[1];
    private Segment[] _segments = new Segment[1];
    private NativeBuffer<float> _logits = new(0);
    private NativeBuffer<float> _hidden = new(0);
    private bool _hasRun;

    /// <summary>Makes an empty batch.</summary>
    public Batch(InferenceEngine engine)
    {
        _engine = engine;
        _tokens = new int[engine.Pass.MaximumRows];
    }

    /// <summary>Sequences in it.</summary>
    public int Count { get; private set; }

    /// <summary>Rows in it.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows for which there is still room.</summary>
    public int Room => _tokens.Length - Rows;

    /// <summary>Takes all sequences out.</summary>
    public void Clear()
    {
        Array.Clear(_sequences, 0, Count);
        (Count, Rows, _hasRun) = (0, 0, false);
    }

    /// <summary>Adds rows of a sequence that has no tail and is not in the batch yet.</summary>
    /// <returns>The row of the pass at which they begin.</returns>
    /// <exception cref="ArgumentException">The sequence belongs to another engine, or has a tail.</exception>
    /// <exception cref="InputException">There is no room for so many rows.</exception>
    public int Add(Sequence sequence, in NewRows rows)
    {
        if (sequence.Engine != _engine || sequence.Kv.TailLength > 0)
        {
            throw new ArgumentException(
                "A batch takes sequences of its own engine, whose earlier rows are committed or dropped.",
                nameof(sequence)
            );
        }

        if (rows.Tokens.Length > Room)
        {
            throw new InputException(
                $"{rows.Tokens.Length} rows were to be run, but the pass has room for {Room} of {_tokens.Length}."
            );
        }

        var given = rows.Embeddings;
        var width = _engine.Model.Config.HiddenSize;
        if (given.Rows > 0 && (given.Rows != rows.Tokens.Length || given.Columns != width))
        {
            throw new ArgumentException(
                $"The embeddings of {rows.Tokens.Length} rows of {width} were given as {given.Rows} of {given.Columns}.",
                nameof(rows)
            );
        }

        if (Count == _sequences.Length)
        {
            Array.Resize(ref _sequences, 2 * Count);
            Array.Resize(ref _segments, 2 * Count);
        }

        var first = Rows;
        rows.Tokens.CopyTo(_tokens.AsSpan(first));
        _sequences[Count] = sequence;
        _segments[Count++] = new Segment(
            sequence.Kv,
            rows.Tokens.Length,
            rows.Parents,
            rows.IsBlock,
            rows.EndsPrompt,
            sequence.Adapters,
            rows.Embeddings,
            rows.Certain
        );
        Rows += rows.Tokens.Length;
        return first;
    }

    /// <summary>Computes the rows; they are the tails of their sequences then. When that fails, no sequence has a tail.</summary>
    /// <exception cref="InputException">A token is outside the vocabulary.</exception>
    /// <exception cref="Cache.CacheFullException">There is no memory for the keys and values.</exception>
    public void Run()
    {
        using var inside = _engine.Enter();
        _hasRun = false;
        var row = 0;
        for (var index = 0; index < Count; index++)
        {
            var count = _segments[index].Tokens;
            _sequences[index].BeginTail(_tokens.AsSpan(row, count));
            row += count;
        }

        try
        {
            _engine.Pass.Run(_tokens.AsSpan(0, Rows), _segments.AsSpan(0, Count));
            _engine.LastBatch = this;
            _hasRun = true;
        }
        catch
        {
            for (var index = 0; index < Count; index++)
            {
                _segments[index].Sequence.Compact([]);
            }

            throw;
        }
    }

    /// <summary>Logits [rows, V] after rows of the pass, in any order; may be overwritten, and are good until the next call.</summary>
    /// <exception cref="InvalidOperationException">Another batch was run since.</exception>
    public Span<float> Logits(ReadOnlySpan<int> rows)
    {
        using var inside = _engine.Enter();
        var result = Result(ref _logits, rows.Length, _engine.Model.Config.VocabularySize);
        if (rows.Length > 0)
        {
            _engine.Pass.Logits(rows, result);
        }

        return result.Span;
    }

    /// <summary>What the head reads, [rows, d], at rows of the pass; good until the next call.</summary>
    /// <exception cref="InvalidOperationException">Another batch was run since.</exception>
    public Span<float> Hidden(ReadOnlySpan<int> rows)
    {
        using var inside = _engine.Enter();
        var result = Result(ref _hidden, rows.Length, _engine.Model.Config.HiddenSize);
        if (rows.Length > 0)
        {
            _engine.Pass.Hidden(rows, result);
        }

        return result.Span;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _logits.Dispose();
        _hidden.Dispose();
    }

    /// <summary>True when the rows of this sequence, and of no other, were the last to run.</summary>
    internal bool Holds(Sequence sequence) => Count == 1 && _sequences[0] == sequence;

    private NativeSpan<float> Result(ref NativeBuffer<float> buffer, int rows, int width)
    {
        if (!_hasRun || _engine.LastBatch != this)
        {
            throw new InvalidOperationException(
                "Rows were asked of a batch that was not the last to run."
            );
        }

        var needed = (long)rows * width;
        if (buffer.Length < needed)
        {
            buffer.Dispose();
            buffer = new NativeBuffer<float>(needed, clear: false);
        }

        return buffer.Span.Slice(0, needed);
    }
}
