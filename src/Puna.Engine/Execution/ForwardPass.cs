using Puna.Engine.Model;
using Puna.Engine.Plan;
using Puna.Kernels.Activations;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Norm;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution;

/// <summary>
/// The one forward pass: reading a prompt, decoding and scoring differ only in how many tokens each segment brings
/// and in what its cache already holds. For every plan, the logits of one pass over a sequence equal those of any
/// chunking of it. One instance serves one thread at a time; a pass allocates nothing.
/// </summary>
public sealed class ForwardPass : IDisposable
{
    private readonly LanguageModel _model;
    private readonly LayerPlan _plan;
    private readonly WorkerPool _pool;
    private readonly ForwardWorkspace _work;
    private readonly RotaryTable _rotary;
    private readonly SegmentAttention _attention;
    private int[] _firstTail = [];
    private int _rows;

    /// <summary>Makes the pass for a model, with buffers for at most <paramref name="maximumTokens"/> rows.</summary>
    public ForwardPass(
        LanguageModel model,
        WorkerPool pool,
        ActivationFormat activations,
        int maximumTokens = 512
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumTokens, 1);
        _model = model;
        _plan = model.Plan;
        _pool = pool;
        _work = new ForwardWorkspace(_plan, maximumTokens, activations);
        var (frequencies, magnitude) = RotaryFrequencies.Compute(
            _plan.Config.Rope,
            _plan.Config.HeadDim
        );
        _rotary = new RotaryTable(frequencies, magnitude);
        _attention = new SegmentAttention(_plan, _rotary, pool);
    }

    /// <summary>Receives the time of each stage of the passes, when it is given.</summary>
    public ForwardProfile? Profile { get; set; }

    /// <summary>Most rows of one pass.</summary>
    public int MaximumTokens => _work.MaximumTokens;

    /// <summary>
    /// Runs the layers over a ragged batch. Keys and values of the new tokens go to the tentative tail of their
    /// sequences: the caller commits or truncates, and asks for the logits of the rows it needs afterwards.
    /// </summary>
    /// <param name="tokens">Ids of all segments, one after the other.</param>
    /// <param name="segments">Whose they are.</param>
    /// <exception cref="InputException">An id is outside the vocabulary.</exception>
    public void Run(ReadOnlySpan<int> tokens, ReadOnlySpan<Segment> segments)
    {
        _rows = 0;
        Profile?.Start();
        Embed(tokens);
        if (_firstTail.Length < segments.Length)
        {
            _firstTail = new int[segments.Length];
        }

        _attention.Begin();
        TokenPlacement.Reserve(
            segments,
            _firstTail,
            _work.Positions.Span.Slice(0, tokens.Length).Span
        );
        Profile?.End(ForwardStage.Embedding);
        for (var index = 0; index < _plan.Layers.Count; index++)
        {
            var layer = _plan.Layers[index];
            var weights = _model.Weights.Layers[index];
            Attend(layer, weights, tokens.Length, segments);
            Transform(layer, weights, tokens.Length);
        }

        _rows = tokens.Length;
    }

    /// <summary>Logits [rows, V] after some rows of the last pass: the head is read once for all of them.</summary>
    /// <param name="rows">Indices of rows of the last pass, in any order.</param>
    /// <param name="logits">Row i belongs to rows[i].</param>
    public void Logits(ReadOnlySpan<int> rows, NativeSpan<float> logits)
    {
        Profile?.Start();
        var normed = Normed(rows.Length);
        NormaliseRows(rows, normed);
        ReadHead(normed, rows.Length, logits);
    }

    /// <summary>Logits [rows, V] after neighbouring rows of the last pass.</summary>
    public void Logits(int firstRow, int rows, NativeSpan<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow + rows, _rows);
        Profile?.Start();
        var hidden = _plan.Config.HiddenSize;
        var normed = Normed(rows);
        var residual = _work.Residual.Span.Slice((long)firstRow * hidden, normed.Length);
        Normalise(residual, _model.Weights.FinalNorm, normed, rows, hidden);
        ReadHead(normed, rows, logits);
    }

    /// <summary>What the head reads, [rows, d]: the residual stream after the last layer and the final norm.</summary>
    /// <param name="rows">Indices of rows of the last pass, in any order.</param>
    /// <param name="hidden">Row i belongs to rows[i].</param>
    public void Hidden(ReadOnlySpan<int> rows, NativeSpan<float> hidden)
    {
        Profile?.Start();
        NormaliseRows(rows, hidden);
        Profile?.End(ForwardStage.Head);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _work.Dispose();
        _attention.Dispose();
        _rotary.Dispose();
    }

    private NativeSpan<float> Normed(int rows) =>
        _work.Normed.Span.Slice(0, (long)rows * _plan.Config.HiddenSize);

    private void ReadHead(NativeSpan<float> normed, int rows, NativeSpan<float> logits)
    {
        var config = _plan.Config;
        _work.Activations.Load(normed, config.HiddenSize, rows, config.HiddenSize, _pool);
        _model.Weights.Head.Forward(_work.Activations, logits, _pool);
        if (config.LogitsMultiplier != 1)
        {
            var width = config.VocabularySize;
            Scale.Forward(logits, width, config.LogitsMultiplier, rows, width, _pool);
        }

        Profile?.End(ForwardStage.Head);
    }

    private void NormaliseRows(ReadOnlySpan<int> rows, NativeSpan<float> normed)
    {
        var hidden = _plan.Config.HiddenSize;
        for (var index = 0; index < rows.Length; index++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(rows[index]);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rows[index], _rows);
            var source = _work.Residual.Span.Slice((long)rows[index] * hidden, hidden);
            source.Span.CopyTo(normed.Slice((long)index * hidden, hidden).Span);
        }

        Normalise(normed, _model.Weights.FinalNorm, normed, rows.Length, hidden);
    }

    private void Embed(ReadOnlySpan<int> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, MaximumTokens);
        var config = _plan.Config;
        for (var row = 0; row < tokens.Length; row++)
        {
            if ((uint)tokens[row] >= (uint)config.VocabularySize)
            {
                throw new InputException(
                    $"Token {tokens[row]} is outside the vocabulary of {config.VocabularySize} (ids 0 to {config.VocabularySize - 1})."
                );
            }
        }

        for (var row = 0; row < tokens.Length; row++)
        {
            var target = _work.Residual.Span.Slice(
                (long)row * config.HiddenSize,
                config.HiddenSize
            );
            _model.Weights.Embedding.Weight.DequantRows(tokens[row], 1, target.Span);
        }

        if (config.EmbeddingMultiplier != 1)
        {
            var width = config.HiddenSize;
            Scale.Forward(
                _work.Residual.Span,
                width,
                config.EmbeddingMultiplier,
                tokens.Length,
                width,
                _pool
            );
        }
    }

    private void Attend(
        LayerSpec layer,
        LayerWeights weights,
        int tokens,
        ReadOnlySpan<Segment> segments
    )
    {
        var attention = layer.Attention;
        var bank = _plan.Banks[attention.Bank];
        var queryWidth = attention.Heads * attention.HeadDim;
        LoadNormalised(weights.AttentionNorm, tokens);
        Profile?.End(ForwardStage.Norm);
        Project(weights, tokens);
        Profile?.End(ForwardStage.QueryKeyValue);
        if (weights.Key is not null)
        {
            Prepare(attention, _work.Keys, weights.KeyNorm, tokens, bank.Heads);
        }

        Prepare(attention, _work.Queries, weights.QueryNorm, tokens, attention.Heads);
        Profile?.End(ForwardStage.Rotary);
        var row = 0;
        for (var index = 0; index < segments.Length; index++)
        {
            var sequence = segments[index].Sequence;
            var count = segments[index].Tokens;
            if (weights.Key is not null)
            {
                var width = bank.Heads * bank.HeadDim;
                var keys = _work.Keys.Span.Slice((long)row * width, (long)count * width);
                var values = _work.Values.Span.Slice((long)row * width, (long)count * width);
                sequence.Write(
                    bank.Id,
                    _firstTail[index],
                    count,
                    keys,
                    width,
                    values,
                    width,
                    _pool
                );
            }
            row += count;
        }

        Profile?.End(ForwardStage.CacheWrite);
        var rows = (long)tokens * queryWidth;
        _attention.Forward(
            layer.Index,
            attention,
            segments,
            _work.Queries.Span.Slice(0, rows),
            _work.Positions.Span.Slice(0, tokens),
            _work.Attended.Span.Slice(0, rows)
        );
        Profile?.End(ForwardStage.Attention);
        _work.Activations.Load(_work.Attended.Span, queryWidth, tokens, queryWidth, _pool);
        weights.Output.Forward(_work.Activations, _work.Branch.Span, _pool);
        Profile?.End(ForwardStage.AttentionOutput);
        AddBranch(weights.AttentionPostNorm, tokens);
        Profile?.End(ForwardStage.Residual);
    }

    private void Project(LayerWeights weights, int tokens)
    {
        var queries = _work.Queries.Span;
        if (weights.Key is not { } key || weights.Value is not { } value)
        {
            weights.Query.Forward(_work.Activations, queries, _pool);
            return;
        }

        var keys = _work.Keys.Span;
        var values = _work.Values.Span;
        JoinedProduct.Multiply(
            _work.Activations,
            _pool,
            weights.Query.Product(queries),
            key.Product(keys),
            value.Product(values)
        );
        weights.Query.AddBias(tokens, queries, _pool);
        key.AddBias(tokens, keys, _pool);
        value.AddBias(tokens, values, _pool);
    }

    private void Prepare(
        AttentionBranch attention,
        NativeBuffer<float> rows,
        NativeBuffer<float>? norm,
        int tokens,
        int heads
    )
    {
        if (norm is not null)
        {
            Normalise(rows.Span, norm, rows.Span, tokens * heads, attention.HeadDim);
        }

        if (attention.Rotary)
        {
            var width = heads * attention.HeadDim;
            Rotary.Forward(
                _rotary,
                RotaryPairing.Halves,
                _work.Positions.Span.Slice(0, tokens).Span,
                rows.Span,
                width,
                rows.Span,
                width,
                heads,
                attention.HeadDim,
                _pool
            );
        }
    }

    private void Transform(LayerSpec layer, LayerWeights weights, int tokens)
    {
        LoadNormalised(weights.MlpNorm, tokens);
        Profile?.End(ForwardStage.Norm);
        JoinedProduct.Multiply(
            _work.Activations,
            _pool,
            weights.Gate.Product(_work.Gate.Span),
            weights.Up.Product(_work.Up.Span)
        );
        weights.Gate.AddBias(tokens, _work.Gate.Span, _pool);
        weights.Up.AddBias(tokens, _work.Up.Span, _pool);
        Profile?.End(ForwardStage.GateUp);
        var width = layer.Mlp.Width;
        SwiGlu.Forward(
            _work.Gate.Span,
            width,
            _work.Up.Span,
            width,
            _work.Gate.Span,
            width,
            tokens,
            width,
            _pool
        );
        _work.Activations.Load(_work.Gate.Span, width, tokens, width, _pool);
        Profile?.End(ForwardStage.Activation);
        weights.Down.Forward(_work.Activations, _work.Branch.Span, _pool);
        Profile?.End(ForwardStage.Down);
        AddBranch(weights.MlpPostNorm, tokens);
        Profile?.End(ForwardStage.Residual);
    }

    private void LoadNormalised(NativeBuffer<float> norm, int tokens)
    {
        var hidden = _plan.Config.HiddenSize;
        Normalise(_work.Residual.Span, norm, _work.Normed.Span, tokens, hidden);
        _work.Activations.Load(_work.Normed.Span, hidden, tokens, hidden, _pool);
    }

    private void AddBranch(NativeBuffer<float>? postNorm, int tokens)
    {
        var hidden = _plan.Config.HiddenSize;
        var branch = _work.Branch.Span;
        if (postNorm is not null)
        {
            Normalise(branch, postNorm, branch, tokens, hidden);
        }

        ScaledAdd.Forward(
            _work.Residual.Span,
            hidden,
            branch,
            hidden,
            _plan.Config.ResidualMultiplier,
            tokens,
            hidden,
            _pool
        );
    }

    private void Normalise(
        NativeSpan<float> source,
        NativeBuffer<float> weight,
        NativeSpan<float> target,
        int rows,
        int columns
    ) =>
        RmsNorm.Forward(
            source,
            columns,
            weight.Span,
            _plan.Config.NormEpsilon,
            target,
            columns,
            rows,
            columns,
            _pool
        );
}
