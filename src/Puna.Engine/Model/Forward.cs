using Puna.Engine.Cache;
using Puna.Kernels.Attention;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Norm;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Engine.Model;

/// <summary>
/// The one forward pass: reading a prompt, decoding and scoring differ only in how many tokens each segment brings
/// and in what its cache already holds. For every plan, the logits of one pass over a sequence equal those of any
/// chunking of it. One instance serves one thread at a time; a pass allocates nothing.
/// </summary>
public sealed class Forward : IDisposable
{
    // Pages of a sequence for which there is room from the start: 4096 tokens.
    private const int FirstPages = 128;

    private readonly LanguageModel _model;
    private readonly LayerPlan _plan;
    private readonly WorkerPool _pool;
    private readonly ForwardWorkspace _work;
    private readonly PagedAttention _attention = new();
    private readonly RotaryTable _rotary;
    private NativeBuffer<float>? _shiftedQueries;
    private KvPageRef[] _pages;
    private uint[] _treeMasks = [];
    private int[] _firstTail = [];
    private int _rows;

    /// <summary>Makes the pass for a model, with buffers for at most <paramref name="maximumTokens"/> rows.</summary>
    public Forward(
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
        _pages = new KvPageRef[FirstPages * _plan.Banks.Max(bank => bank.Heads)];
    }

    /// <summary>Most rows of one pass.</summary>
    public int MaximumTokens => _work.MaximumTokens;

    /// <summary>
    /// Runs the layers over a ragged batch. Keys and values of the new tokens go to the tentative tail of their
    /// sequences: the caller commits or truncates. Ask <see cref="Logits"/> for the rows it needs afterwards.
    /// </summary>
    /// <param name="tokens">Ids of all segments, one after the other.</param>
    /// <param name="segments">Whose they are.</param>
    /// <exception cref="InputException">An id is outside the vocabulary.</exception>
    public void Run(ReadOnlySpan<int> tokens, ReadOnlySpan<Segment> segments)
    {
        _rows = 0;
        Embed(tokens);
        Place(tokens.Length, segments);
        for (var index = 0; index < _plan.Layers.Count; index++)
        {
            var layer = _plan.Layers[index];
            var weights = _model.Weights.Layers[index];
            Attend(layer, weights, tokens.Length, segments);
            Transform(layer, weights, tokens.Length);
        }

        _rows = tokens.Length;
    }

    /// <summary>Logits [rows, V] of rows of the last pass.</summary>
    public void Logits(int firstRow, int rows, NativeSpan<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow + rows, _rows);
        var config = _plan.Config;
        var hidden = config.HiddenSize;
        var residual = _work.Residual.Span.Slice((long)firstRow * hidden, (long)rows * hidden);
        var normed = _work.Normed.Span.Slice(0, (long)rows * hidden);
        Normalise(residual, _model.Weights.FinalNorm, normed, rows, hidden);
        _work.Activations.Load(normed, hidden, rows, hidden, _pool);
        _model.Weights.Head.Forward(_work.Activations, logits, _pool);
        if (config.LogitsMultiplier != 1)
        {
            var width = config.VocabularySize;
            Scale.Forward(logits, width, config.LogitsMultiplier, rows, width, _pool);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _work.Dispose();
        _attention.Dispose();
        _rotary.Dispose();
        _shiftedQueries?.Dispose();
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

    private void Place(int tokens, ReadOnlySpan<Segment> segments)
    {
        if (_firstTail.Length < segments.Length)
        {
            _firstTail = new int[segments.Length];
        }

        var row = 0;
        for (var index = 0; index < segments.Length; index++)
        {
            var count = segments[index].Tokens;
            ArgumentOutOfRangeException.ThrowIfGreaterThan(row + count, tokens);
            _firstTail[index] = Place(segments[index], _work.Positions.AsSpan(row, count));
            row += count;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(row, tokens);
    }

    /// <summary>Reserves slots, tells the position of each row, and returns the index of the first in the tail.</summary>
    private static int Place(Segment segment, Span<int> positions)
    {
        var sequence = segment.Sequence;
        if (!segment.Parents.IsEmpty)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(
                segment.Parents.Length,
                segment.Tokens,
                nameof(segment)
            );
            ArgumentOutOfRangeException.ThrowIfNotEqual(sequence.TailLength, 0, nameof(segment));
            PlaceNodes(sequence.LogicalLength, segment.Parents.Span, positions);
            return sequence.Reserve(positions);
        }

        var first = sequence.Reserve(segment.Tokens);
        for (var token = 0; token < positions.Length; token++)
        {
            positions[token] = sequence.TailPosition(first + token);
        }

        return first;
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
        Project(weights, tokens);
        if (weights.Key is not null)
        {
            Prepare(attention, _work.Keys, weights.KeyNorm, tokens, bank.Heads);
        }

        Prepare(attention, _work.Queries, weights.QueryNorm, tokens, attention.Heads);
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

            Attend(layer, segments[index], row);
            row += count;
        }

        _work.Activations.Load(_work.Attended.Span, queryWidth, tokens, queryWidth, _pool);
        weights.Output.Forward(_work.Activations, _work.Branch.Span, _pool);
        AddBranch(weights.AttentionPostNorm, tokens);
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

    private void Attend(LayerSpec layer, Segment segment, int row)
    {
        var attention = layer.Attention;
        var bank = _plan.Banks[attention.Bank];
        var width = attention.Heads * attention.HeadDim;
        var sequence = segment.Sequence;
        var pagesPerHead = sequence.PageCount(bank.Id);
        if (_pages.Length < bank.Heads * pagesPerHead)
        {
            _pages = new KvPageRef[Math.Max(bank.Heads * pagesPerHead, 2 * _pages.Length)];
        }

        _ = sequence.Pages(bank.Id, _pages);
        var positions = _work.Positions.AsSpan(row, segment.Tokens);
        var queries = _work.Queries.Span.Slice((long)row * width, (long)segment.Tokens * width);
        var plan = new KvAttendPlan(
            bank.Id,
            _pages.AsSpan(0, bank.Heads * pagesPerHead),
            pagesPerHead
        );
        sequence.Cache.Policies.BeforeAttend(sequence, queries, segment.Tokens, ref plan);
        var shape = new AttentionShape(
            attention.Heads,
            bank.Heads,
            attention.HeadDim,
            attention.Scale,
            attention.Mask.Window,
            sequence.Cache.Shape.KeyFormat,
            sequence.Cache.Shape.ValueFormat
        );
        if (sequence.Offsets.Length > 1)
        {
            queries = ShiftQueries(queries, attention, sequence.Offsets, segment.Tokens);
        }

        var maskedPages = segment.Parents.IsEmpty ? 0 : sequence.TailPages;
        var masks = TreeMasks(segment, segment.Tokens * maskedPages);
        _attention.Forward(
            shape,
            queries,
            segment.Tokens,
            positions,
            plan.Pages[..(bank.Heads * plan.PagesPerHead)],
            plan.PagesPerHead,
            masks,
            maskedPages,
            _work.Attended.Span.Slice((long)row * width, (long)segment.Tokens * width),
            _pool
        );
    }

    // A node of a draft tree lies at the next position plus its depth.
    private static void PlaceNodes(int next, ReadOnlySpan<int> parents, Span<int> positions)
    {
        for (var node = 0; node < parents.Length; node++)
        {
            positions[node] = parents[node] < 0 ? next : positions[parents[node]] + 1;
        }
    }

    private ReadOnlySpan<uint> TreeMasks(Segment segment, int length)
    {
        if (length == 0)
        {
            return [];
        }

        if (_treeMasks.Length < length)
        {
            _treeMasks = new uint[Math.Max(length, 2 * _treeMasks.Length)];
        }

        var masks = _treeMasks.AsSpan(0, length);
        segment.Sequence.TreeMasks(segment.Parents.Span, masks);
        return masks;
    }

    // Keys never move: a page whose keys were rotated at another place is met by queries rotated back by its offset.
    private NativeSpan<float> ShiftQueries(
        NativeSpan<float> queries,
        AttentionBranch attention,
        ReadOnlySpan<int> offsets,
        int tokens
    )
    {
        var needed = queries.Length * offsets.Length;
        if (_shiftedQueries is null || _shiftedQueries.Length < needed)
        {
            _shiftedQueries?.Dispose();
            _shiftedQueries = new NativeBuffer<float>(needed);
        }

        var width = attention.Heads * attention.HeadDim;
        for (var group = 0; group < offsets.Length; group++)
        {
            // A layer that does not rotate meets its keys as they are, wherever they moved.
            var delta = attention.Rotary ? -offsets[group] : 0;
            Rotary.Shift(
                _rotary,
                RotaryPairing.Halves,
                delta,
                queries,
                width,
                _shiftedQueries.Span.Slice(group * queries.Length, queries.Length),
                width,
                tokens,
                attention.Heads,
                attention.HeadDim,
                _pool
            );
        }

        return _shiftedQueries.Span.Slice(0, needed);
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
                _work.Positions.AsSpan(0, tokens),
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
        JoinedProduct.Multiply(
            _work.Activations,
            _pool,
            weights.Gate.Product(_work.Gate.Span),
            weights.Up.Product(_work.Up.Span)
        );
        weights.Gate.AddBias(tokens, _work.Gate.Span, _pool);
        weights.Up.AddBias(tokens, _work.Up.Span, _pool);
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
        weights.Down.Forward(_work.Activations, _work.Branch.Span, _pool);
        AddBranch(weights.MlpPostNorm, tokens);
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
