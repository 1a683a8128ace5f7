using Puna.Engine.Cache;
using Puna.Engine.Execution;
using Puna.Engine.Runtime;
using Puna.Kernels.Memory;

namespace Puna.Engine.Decoding;

/// <summary>One sequence of an <see cref="InferenceEngine"/>: its cache and the logits after further tokens.</summary>
public sealed class SequenceTarget : ITreeDecodingTarget, IDisposable
{
    private readonly InferenceEngine _engine;
    private NativeBuffer<float> _logits;

    /// <summary>Makes an empty sequence.</summary>
    public SequenceTarget(InferenceEngine engine)
        : this(engine, engine.Cache.CreateSequence(engine.ContextLength)) { }

    /// <summary>Takes over a sequence whose cache already holds tokens (a fork, a prefix, a snapshot).</summary>
    public SequenceTarget(InferenceEngine engine, KvSequence sequence)
    {
        _engine = engine;
        Sequence = sequence;
        _logits = new NativeBuffer<float>(VocabularySize);
    }

    /// <summary>Its keys and values.</summary>
    public KvSequence Sequence { get; }

    /// <inheritdoc/>
    public int VocabularySize => _engine.Model.Config.VocabularySize;

    /// <inheritdoc/>
    public int ContextLength => _engine.ContextLength;

    /// <inheritdoc/>
    public int MaximumBatch => _engine.Forward.MaximumTokens;

    /// <inheritdoc/>
    public int Length => Sequence.LogicalLength;

    /// <inheritdoc/>
    public Span<float> Forward(ReadOnlySpan<int> tokens, int logitRows, bool endsPrompt = false) =>
        Forward(tokens, new Segment(Sequence, tokens.Length, EndsPrompt: endsPrompt), logitRows);

    /// <inheritdoc/>
    public Span<float> Forward(DraftTree tree) =>
        Forward(tree.Tokens, new Segment(Sequence, tree.Count, tree.ParentMemory), tree.Count);

    /// <inheritdoc/>
    public void Commit(ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll = default) =>
        Sequence.Commit(tokens, nll);

    /// <inheritdoc/>
    public void EndRound() => Sequence.EndRound();

    /// <inheritdoc/>
    public void Compact(ReadOnlySpan<int> kept) => Sequence.Compact(kept);

    /// <inheritdoc/>
    public int Truncate(int length) => Sequence.Truncate(length);

    /// <inheritdoc/>
    public void Dispose()
    {
        _logits.Dispose();
        Sequence.Dispose();
    }

    private Span<float> Forward(ReadOnlySpan<int> tokens, Segment segment, int logitRows)
    {
        _engine.Forward.Run(tokens, [segment]);
        if (logitRows == 0)
        {
            return [];
        }

        var needed = (long)logitRows * VocabularySize;
        if (_logits.Length < needed)
        {
            _logits.Dispose();
            _logits = new NativeBuffer<float>(needed, clear: false);
        }

        _engine.Forward.Logits(tokens.Length - logitRows, logitRows, _logits.Span);
        return _logits.Span.Slice(0, needed).Span;
    }
}
