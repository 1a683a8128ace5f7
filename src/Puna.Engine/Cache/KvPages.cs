using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// What attention reads of a sequence: for each KV head of a bank the pages that hold its slots, the tail included, and
/// which of them the nodes of a token tree see.
/// </summary>
public sealed class KvPages
{
    private readonly KvSequence _sequence;

    internal KvPages(KvSequence sequence) => _sequence = sequence;

    /// <summary>
    /// Pages that <see cref="List"/> gives each KV head of a bank: as many as the one with most entries has.
    /// </summary>
    public int PerHead(int bank)
    {
        _sequence.CheckBank(bank);
        return _sequence.LaneSet.PagesPerHead(bank);
    }

    /// <summary>The last pages of each head, from the first on that holds tail tokens in some head; 0 without a tail.</summary>
    public int Tail(int bank)
    {
        _sequence.CheckBank(bank);
        return _sequence.LaneSet.TailPages(bank);
    }

    /// <summary>
    /// Lists the pages of a bank, tail included, as [Hk, <see cref="PerHead"/>]: page i of head h at h * PerHead + i. A head
    /// with fewer pages has some without a slot first. Valid until the next call that reserves, commits, truncates, drops,
    /// moves or packs.
    /// </summary>
    /// <returns><see cref="PerHead"/>.</returns>
    public int List(int bank, Span<KvPageRef> pages)
    {
        var count = PerHead(bank);
        var heads = _sequence.Cache.Shape.Bank(bank).KvHeads;
        if (pages.Length < heads * count)
        {
            throw new ArgumentException(
                $"Bank {bank} lists {heads} x {count} pages, but there is room for {pages.Length}.",
                nameof(pages)
            );
        }

        _sequence.LaneSet.List(bank, count, pages);
        return count;
    }

    /// <summary>
    /// For a token tree in the tail: which slots of the last <see cref="Tail"/> pages each node sees, which are the
    /// committed ones, its ancestors and itself.
    /// </summary>
    /// <param name="bank">The bank attended to.</param>
    /// <param name="parents">Index in the tail of each node's parent, lower than its own; -1 where that is the last committed token.</param>
    /// <param name="masks">
    /// [T, <see cref="Tail"/>], with a leading [Hk] where each head has a lane of its own: <see cref="TreeMaskCount"/> numbers.
    /// </param>
    public void TreeMasks(int bank, ReadOnlySpan<int> parents, Span<uint> masks)
    {
        var length = _sequence.TailLength;
        if (parents.Length != length || masks.Length != TreeMaskCount(bank))
        {
            throw new ArgumentException(
                $"A tail of {length} tokens in {Tail(bank)} pages has as many parents and {TreeMaskCount(bank)} masks, not {parents.Length} and {masks.Length}."
            );
        }

        for (var index = 0; index < parents.Length; index++)
        {
            if (parents[index] < -1 || parents[index] >= index)
            {
                throw new ArgumentException(
                    $"Node {index} of a token tree names {parents[index]} as its parent; a parent comes before its children.",
                    nameof(parents)
                );
            }
        }

        _sequence.LaneSet.TreeMasks(bank, parents, masks);
    }

    /// <summary>Masks of a token tree that is the tail.</summary>
    public int TreeMaskCount(int bank) =>
        _sequence.TailLength
        * Tail(bank)
        * (_sequence.Cache.Layout.IsPerHead ? _sequence.Cache.Shape.Bank(bank).KvHeads : 1);
}
