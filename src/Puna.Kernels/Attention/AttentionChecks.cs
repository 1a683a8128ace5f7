using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>Checks that what <see cref="PagedAttention"/> is given lies inside its memory, before pointers are used.</summary>
internal static class AttentionChecks
{
    /// <summary>Requires that the lengths of a request fit the shape.</summary>
    /// <exception cref="ArgumentException">One does not.</exception>
    public static void Require(in AttentionShape shape, in AttentionRequest request)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.KvHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.HeadDim, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(shape.Window);
        if (shape.QueryHeads < 1 || shape.QueryHeads % shape.KvHeads != 0)
        {
            throw new ArgumentException(
                $"{shape.QueryHeads} query heads are not a multiple of {shape.KvHeads} KV heads."
            );
        }

        var (tokens, pagesPerHead) = (request.Tokens, request.PagesPerHead);
        var group = (long)tokens * shape.QueryHeads * shape.HeadDim;
        if (request.Output.Length != group)
        {
            throw new ArgumentException(
                $"{group} results of {tokens} positions were expected, not {request.Output.Length}."
            );
        }

        if (pagesPerHead < 0 || request.Pages.Length != (long)pagesPerHead * shape.KvHeads)
        {
            throw new ArgumentException(
                $"{shape.KvHeads} x {pagesPerHead} pages were expected, not {request.Pages.Length}."
            );
        }

        if (
            request.TailPages < 0
            || request.TailPages > pagesPerHead
            || (
                request.TailMasks.Length != (long)tokens * request.TailPages
                && !request.HasTailMasksByHead(shape.KvHeads)
            )
        )
        {
            throw new ArgumentException(
                $"{tokens} x {request.TailPages} tail masks over {pagesPerHead} pages were expected, not {request.TailMasks.Length}."
            );
        }

        var groups = 1 + RequirePages(shape.HeadDim, request.Pages);
        if (request.Queries.Length < group * groups)
        {
            throw new ArgumentException(
                $"{groups} offset groups of {group} query elements were expected, not {request.Queries.Length} elements."
            );
        }
    }

    /// <summary>Requires that every page that counts has its memory; returns the highest offset group.</summary>
    private static long RequirePages(int headDim, NativeSpan<KvPageRef> pages)
    {
        // Most pages have the formats of the one before: formats are asked where they change.
        var (keyNumber, valueNumber, keyBytes, valueBytes) = (-1, -1, 0, 0);
        var highestGroup = 0;
        foreach (ref readonly var page in pages.Span)
        {
            if (page.Valid == 0)
            {
                continue;
            }

            if (page.KeyNumber != keyNumber || page.ValueNumber != valueNumber)
            {
                (keyNumber, valueNumber) = (page.KeyNumber, page.ValueNumber);
                keyBytes = page.KeyFormat.KeyBytes(headDim);
                valueBytes = page.ValueFormat.ValueBytes(headDim);
            }

            if (
                page.Keys.Length < keyBytes
                || page.Values.Length < valueBytes
                || page.Positions.Length < KvPageRef.Slots
                || page.OffsetGroup < 0
            )
            {
                throw new ArgumentException(
                    $"A page needs {keyBytes} + {valueBytes} bytes and {KvPageRef.Slots} positions, not {page.Keys.Length} + {page.Values.Length} and {page.Positions.Length}."
                );
            }

            highestGroup = Math.Max(highestGroup, page.OffsetGroup);
        }

        return highestGroup;
    }
}
