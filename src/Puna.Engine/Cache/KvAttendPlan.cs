using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// The pages over which one attention call runs. A policy that selects takes slots out of masks, or moves the pages
/// it keeps to the front and lowers <see cref="PagesPerHead"/>.
/// </summary>
public ref struct KvAttendPlan
{
    /// <summary>Makes a plan over all pages of a bank.</summary>
    /// <param name="bank">The bank.</param>
    /// <param name="pages">Pages [Hk, pagesPerHead].</param>
    /// <param name="pagesPerHead">Pages of each head.</param>
    public KvAttendPlan(int bank, Span<KvPageRef> pages, int pagesPerHead)
    {
        Bank = bank;
        Pages = pages;
        PagesPerHead = pagesPerHead;
    }

    /// <summary>The bank attended to.</summary>
    public int Bank { get; }

    /// <summary>Pages [Hk, <see cref="PagesPerHead"/>].</summary>
    public Span<KvPageRef> Pages { get; }

    /// <summary>Pages of each head.</summary>
    public int PagesPerHead { get; set; }
}
