using System.Numerics;
using System.Runtime.CompilerServices;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>
/// The arithmetic of one tile of query rows against one chunk of pages, and the merge of chunks. A row's result does
/// not depend on the tile, the thread or the number of tokens it is computed with: chunks are fixed by the page's
/// index, each is summed by itself around its own maximum, and chunks are merged in order.
/// </summary>
/// <typeparam name="TLanes">The vector.</typeparam>
internal readonly unsafe struct AttentionTile<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    // Above this many rows a page of 8- or 16-bit numbers is widened once; below, each block of rows widens as it loads.
    private const int DirectRows = 8;

    private readonly AttentionArguments* _call;
    private readonly TileScratch _scratch;
    private readonly KvPageRef* _pages;
    private readonly int _head;
    private readonly int _rows;
    private readonly int _firstRow;
    private readonly int _padded;

    /// <summary>Prepares rows <paramref name="firstRow"/>.. of a KV head.</summary>
    public AttentionTile(AttentionArguments* call, in TileScratch scratch, int head, int firstRow)
    {
        _call = call;
        _scratch = scratch;
        _head = head;
        _pages = call->Pages + (long)head * call->PagesPerHead;
        _firstRow = firstRow;
        _rows = Math.Min(TileScratch.Rows, call->Rows - firstRow);
        _padded = TileScratch.PaddedDim(call->Shape.HeadDim);
        var group = call->GroupHeads;
        for (var row = 0; row < _rows; row++)
        {
            var token = (firstRow + row) / group;
            scratch.Tokens[row] = token;
            scratch.Positions[row] = call->QueryPositions[token];
            scratch.Offsets[row] = RowOffset(row);
        }
    }

    /// <summary>Empties the running result.</summary>
    public void Reset()
    {
        new Span<float>(_scratch.Sums, _rows * _padded).Clear();
        new Span<float>(_scratch.Maxima, _rows).Fill(float.NegativeInfinity);
        new Span<float>(_scratch.Totals, _rows).Clear();
    }

    /// <summary>
    /// Attention to the pages of one chunk alone (line 10 of algorithm 1): the greatest score
    /// m, l = sum e^(s - m), O = sum e^(s - m) v. False when no row sees any slot of it; nothing is written then.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Chunk(int chunk, float* sums, float* maxima, float* totals)
    {
        var visible = Classify(chunk);
        if (visible == 0)
        {
            return false;
        }

        Score(visible);
        for (var row = 0; row < _rows; row++)
        {
            Weigh(row, visible, out maxima[row], out totals[row]);
        }

        new Span<float>(sums, _rows * _padded).Clear();
        Accumulate(visible, sums);
        return true;
    }

    /// <summary>Takes the result of a chunk into the running one (lines 11 and 12 of algorithm 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Merge(float* sums, float* maxima, float* totals)
    {
        for (var row = 0; row < _rows; row++)
        {
            if (maxima[row] == float.NegativeInfinity)
            {
                continue;
            }

            var before = _scratch.Maxima[row];
            var greatest = MathF.Max(before, maxima[row]);
            var keep = before == float.NegativeInfinity ? 0 : MathF.Exp(before - greatest);
            var take = MathF.Exp(maxima[row] - greatest);
            _scratch.Maxima[row] = greatest;
            _scratch.Totals[row] = _scratch.Totals[row] * keep + totals[row] * take;
            var running = _scratch.Sums + row * _padded;
            var part = sums + row * _padded;
            var keepLanes = TLanes.Broadcast(keep);
            var takeLanes = TLanes.Broadcast(take);
            for (var channel = 0; channel < _padded; channel += TLanes.Width)
            {
                var kept = TLanes.Load(running + channel) * keepLanes;
                TLanes.Store(
                    TLanes.Fma(TLanes.Load(part + channel), takeLanes, kept),
                    running + channel
                );
            }
        }
    }

    /// <summary>Writes O / l, zeros for a row that saw nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Finish()
    {
        var headDim = _call->Shape.HeadDim;
        for (var row = 0; row < _rows; row++)
        {
            var sums = _scratch.Sums + row * _padded;
            var output = _call->Output + RowOffset(row);
            var total = _scratch.Totals[row];
            var factor = total == 0 ? 0 : 1 / total;
            var lanes = TLanes.Broadcast(factor);
            var channel = 0;
            for (; channel + TLanes.Width <= headDim; channel += TLanes.Width)
            {
                TLanes.Store(TLanes.Load(sums + channel) * lanes, output + channel);
            }

            for (; channel < headDim; channel++)
            {
                output[channel] = sums[channel] * factor;
            }
        }
    }

    private long RowOffset(int row)
    {
        var group = _call->GroupHeads;
        var index = _firstRow + row;
        var queryHead = _head * group + index % group;
        return ((long)(index / group) * _call->Shape.QueryHeads + queryHead) * _call->Shape.HeadDim;
    }

    /// <summary>Lists the pages of the chunk of which some row sees a slot, with the masks of the rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Classify(int chunk)
    {
        var first = _scratch.Positions[0];
        var last = first;
        for (var row = 1; row < _rows; row++)
        {
            first = Math.Min(first, _scratch.Positions[row]);
            last = Math.Max(last, _scratch.Positions[row]);
        }

        long window = _call->Shape.Window;
        var end = Math.Min((chunk + 1) * TileScratch.Pages, _call->PagesPerHead);
        var visible = 0;
        for (var index = chunk * TileScratch.Pages; index < end; index++)
        {
            ref readonly var page = ref _pages[index];
            if (page.Valid == 0)
            {
                continue;
            }

            var (lowest, highest) = PageMasks.Range(page);
            if (lowest > last || (window > 0 && highest <= first - window))
            {
                continue;
            }

            var tail = index - (_call->PagesPerHead - _call->TailPages);
            var full =
                page.Valid == PageMasks.Full
                && highest <= first
                && (window == 0 || lowest > last - window)
                && tail < 0;
            if (full || AnyVisible(page, tail, visible))
            {
                if (full)
                {
                    for (var row = 0; row < _rows; row++)
                    {
                        _scratch.Masks[row * TileScratch.Pages + visible] = PageMasks.Full;
                    }
                }

                _scratch.Visible[visible++] = index;
            }
        }

        return visible;
    }

    private bool AnyVisible(in KvPageRef page, int tail, int column)
    {
        var union = 0u;
        var mask = 0u;
        for (var row = 0; row < _rows; row++)
        {
            var token = _scratch.Tokens[row];
            if (row == 0 || token != _scratch.Tokens[row - 1])
            {
                mask = PageMasks.Visible(page, _scratch.Positions[row], _call->Shape.Window);
                if (tail >= 0)
                {
                    mask &= _call->TailMasks[(long)token * _call->TailPages + tail];
                }
            }

            _scratch.Masks[row * TileScratch.Pages + column] = mask;
            union |= mask;
        }

        return union != 0;
    }

    private void Score(int visible)
    {
        var group = -1;
        for (var column = 0; column < visible; column++)
        {
            ref readonly var page = ref _pages[_scratch.Visible[column]];
            if (page.OffsetGroup != group)
            {
                group = page.OffsetGroup;
                var start =
                    _call->Queries
                    + (long)group * _call->Tokens * _call->Shape.QueryHeads * _call->Shape.HeadDim;
                for (var row = 0; row < _rows; row++)
                {
                    _scratch.Queries[row] = start + _scratch.Offsets[row];
                }
            }

            var scores = _scratch.Scores + column * KvPageRef.Slots;
            switch (_call->Shape.KeyFormat)
            {
                case KvFormat.F32:
                    ScorePage<F32Element>(page.Keys.Pointer, null, scores);
                    break;
                case KvFormat.F16:
                    ScorePage<F16Element>(page.Keys.Pointer, null, scores);
                    break;
                case KvFormat.BF16:
                    ScorePage<BF16Element>(page.Keys.Pointer, null, scores);
                    break;
                default:
                    var keys = page.Keys.Pointer;
                    ScorePage<Int8Element>(
                        keys,
                        KvPageLayout.KeySteps(keys, _call->Shape.HeadDim),
                        scores
                    );
                    break;
            }

            for (var row = 0; row < _rows; row++)
            {
                var hidden = ~_scratch.Masks[row * TileScratch.Pages + column];
                for (; hidden != 0; hidden &= hidden - 1)
                {
                    scores[row * TileScratch.Slots + BitOperations.TrailingZeroCount(hidden)] =
                        float.NegativeInfinity;
                }
            }
        }
    }

    private void ScorePage<TKey>(byte* page, float* steps, float* scores)
        where TKey : struct, IKvElement
    {
        var headDim = _call->Shape.HeadDim;
        if (typeof(TKey) == typeof(F32Element) || _rows <= DirectRows)
        {
            ScoreElements<TKey>(page, steps, scores);
            return;
        }

        PageWidening.Keys<TLanes, TKey>(page, headDim, _scratch.Keys);
        ScoreElements<F32Element>((byte*)_scratch.Keys, steps, scores);
    }

    private void ScoreElements<TKey>(byte* page, float* steps, float* scores)
        where TKey : struct, IKvElement =>
        PageScores.Forward<TLanes, TKey>(
            page,
            steps,
            _call->Shape.Scale,
            _call->Shape.HeadDim,
            _scratch.Queries,
            _rows,
            scores,
            TileScratch.Slots,
            _scratch.Sink
        );

    /// <summary>Turns the scores of a row into weights e^(s - m).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Weigh(int row, int visible, out float maximum, out float total)
    {
        var scores = _scratch.Scores + row * TileScratch.Slots;
        var count = visible * KvPageRef.Slots;
        var greatest = TLanes.Broadcast(float.NegativeInfinity);
        var greatestOdd = greatest;
        for (var slot = 0; slot < count; slot += 2 * TLanes.Width)
        {
            greatest = TLanes.Max(greatest, TLanes.Load(scores + slot));
            greatestOdd = TLanes.Max(greatestOdd, TLanes.Load(scores + slot + TLanes.Width));
        }

        maximum = TLanes.Maximum(TLanes.Max(greatest, greatestOdd));
        if (maximum == float.NegativeInfinity)
        {
            new Span<float>(scores, count).Clear();
            total = 0;
            return;
        }

        var shift = TLanes.Broadcast(maximum);
        var sum = TLanes.Broadcast(0);
        var sumOdd = sum;
        for (var slot = 0; slot < count; slot += 2 * TLanes.Width)
        {
            var weight = Exponential.Of(TLanes.Load(scores + slot) - shift);
            var weightOdd = Exponential.Of(TLanes.Load(scores + slot + TLanes.Width) - shift);
            TLanes.Store(weight, scores + slot);
            TLanes.Store(weightOdd, scores + slot + TLanes.Width);
            sum += weight;
            sumOdd += weightOdd;
        }

        total = TLanes.Sum(sum + sumOdd);
    }

    private void Accumulate(int visible, float* sums)
    {
        for (var column = 0; column < visible; column++)
        {
            var values = _pages[_scratch.Visible[column]].Values.Pointer;
            switch (_call->Shape.ValueFormat)
            {
                case KvFormat.F32:
                    AccumulatePage<F32Element>(values, column, sums);
                    break;
                case KvFormat.F16:
                    AccumulatePage<F16Element>(values, column, sums);
                    break;
                case KvFormat.BF16:
                    AccumulatePage<BF16Element>(values, column, sums);
                    break;
                default:
                    MultiplySteps(KvPageLayout.ValueSteps(values, _call->Shape.HeadDim), column);
                    AccumulatePage<Int8Element>(values, column, sums);
                    break;
            }
        }
    }

    private void AccumulatePage<TValue>(byte* page, int column, float* sums)
        where TValue : struct, IKvElement
    {
        var headDim = _call->Shape.HeadDim;
        var whole = headDim % TLanes.Width == 0;
        if (whole && (typeof(TValue) == typeof(F32Element) || _rows <= DirectRows))
        {
            AccumulateElements<TValue>(page, headDim, headDim, column, sums);
            return;
        }

        PageWidening.Values<TLanes, TValue>(page, headDim, _padded, _scratch.Values);
        AccumulateElements<F32Element>((byte*)_scratch.Values, _padded, _padded, column, sums);
    }

    private void AccumulateElements<TValue>(
        byte* page,
        int stride,
        int columns,
        int column,
        float* sums
    )
        where TValue : struct, IKvElement =>
        PageValues.Forward<TLanes, TValue>(
            page,
            stride * TValue.Bytes,
            columns,
            _scratch.Masks + column,
            TileScratch.Pages,
            _rows,
            _scratch.Scores + column * KvPageRef.Slots,
            TileScratch.Slots,
            sums,
            _padded,
            _scratch.Sink
        );

    /// <summary>The steps of int8 values go into the weights, after these have been summed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplySteps(float* steps, int column)
    {
        for (var row = 0; row < _rows; row++)
        {
            var weights = _scratch.Scores + row * TileScratch.Slots + column * KvPageRef.Slots;
            for (var slot = 0; slot < KvPageRef.Slots; slot += TLanes.Width)
            {
                TLanes.Store(
                    TLanes.Load(weights + slot) * TLanes.Load(steps + slot),
                    weights + slot
                );
            }
        }
    }
}
