using Puna.Kernels.Attention;
using Puna.Kernels.Tests.Lanes;
using Puna.Kernels.Threads;
using static Puna.Kernels.Tests.Attention.AttentionCases;

namespace Puna.Kernels.Tests.Attention;

/// <summary>Calls whose pages have formats of their own, some of which the kernel does not know.</summary>
public sealed class MixedPagesTests
{
    private static readonly KvSlotFormat s_nibble = new NibblePageFormat();
    private static readonly KvSlotFormat[] s_formats = [.. KvPageFormats.All, s_nibble];

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Every_page_is_read_by_its_own_formats(int width)
    {
        foreach (var headDim in (int[])[1, 5, 20, 64])
        {
            foreach (var (tokens, window) in ((int, int)[])[(1, 0), (3, 50), (11, 0), (40, 200)])
            {
                using var test = Causal(3, 1, headDim, window, EachPair, 820, tokens, true);
                var whole = test.RunBody(width, split: false);
                AssertDefinition(test, whole);
                if (tokens * 3 <= TileScratch.Rows)
                {
                    Assert.Equal(whole, test.RunBody(width, split: true));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Holes_offsets_and_tree_masks_hold_for_pages_of_any_formats(int width)
    {
        foreach (var headDim in (int[])[1, 5, 20, 64])
        {
            using var test = new AttentionCase(Shape(4, 2, headDim, 300), EachPair, 26, 3, 41);
            var random = new Random(headDim);
            for (var slot = 0; slot < 26 * KvPageRef.Slots; slot++)
            {
                if (random.Next(4) != 0 && slot / KvPageRef.Slots != 6)
                {
                    test.Write(0, slot, slot);
                    test.Write(1, slot, slot + random.Next(3));
                }
            }

            for (var page = 1; page < 26; page += 5)
            {
                test.SetOffset(page, -20, 1);
                test.SetOffset(page + 1, 17, 2);
            }

            test.Ask([.. Enumerable.Range(800, 9)]);
            test.TailPages = 3;
            test.TailMasks = [.. Enumerable.Range(0, 9 * 3).Select(_ => (uint)random.Next())];
            AssertDefinition(test, test.RunBody(width, split: false));
        }
    }

    [Fact]
    public void A_token_alone_gives_the_bits_that_it_gives_among_others()
    {
        foreach (var headDim in (int[])[20, 64])
        {
            foreach (var window in (int[])[0, 50])
            {
                using var test = Causal(6, 2, headDim, window, EachPair, 600, 70);
                using var attention = new PagedAttention();
                using var pool = new WorkerPool(2);
                var whole = test.Run(attention, pool);
                foreach (var piece in (int[])[1, 7, 33])
                {
                    var parts = new List<float>();
                    for (var first = 0; first < 70; first += piece)
                    {
                        parts.AddRange(
                            test.Run(attention, pool, first, Math.Min(piece, 70 - first))
                        );
                    }

                    Assert.Equal(whole, parts);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void A_widened_page_gives_the_bits_of_the_same_numbers_stored_as_f32(int width)
    {
        // Pages of the unknown format beside others: all of them, a dense tail, keys alone, values alone.
        Func<int, KvFormatPair>[] kinds =
        [
            _ => new(s_nibble, s_nibble),
            page => page % 11 < 8 ? new(s_nibble, s_nibble) : F32,
            _ => new(s_nibble, KvPageFormats.F16),
            page => new(KvPageFormats.Int8, page % 2 == 0 ? s_nibble : KvPageFormats.F16),
        ];
        foreach (var headDim in (int[])[1, 5, 20, 64])
        {
            foreach (var (tokens, window) in ((int, int)[])[(1, 0), (2, 70), (40, 0), (40, 70)])
            {
                foreach (var formatsOf in kinds)
                {
                    using var test = Causal(6, 2, headDim, window, formatsOf, 290, tokens);
                    using var dense = Causal(6, 2, headDim, window, DenseOf, 290, tokens);
                    for (var page = 0; page < test.Pages.Length; page++)
                    {
                        StoreWidened(test.Pages[page], dense.Pages[page], headDim);
                    }

                    Assert.Equal(dense.RunBody(width, false), test.RunBody(width, false));
                    Assert.Equal(dense.Run(3), test.Run(3));
                    test.TailPages = dense.TailPages = 2;
                    test.TailMasks = dense.TailMasks = [
                        .. Enumerable
                            .Range(1, tokens * 2)
                            .Select(seed => (uint)(seed * 0x9E3779B9)),
                    ];
                    Assert.Equal(dense.RunBody(width, false), test.RunBody(width, false));

                    KvFormatPair DenseOf(int page)
                    {
                        var (keys, values) = formatsOf(page);
                        return new KvFormatPair(Dense(keys), Dense(values));
                    }
                }
            }
        }
    }

    [Fact]
    public void A_format_that_does_not_widen_its_keys_is_found_out()
    {
        var stub = new StubPageFormat(to => to.Span.Clear());
        using var wrong = OfStub(stub);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertSame(wrong));

        var absent = new StubPageFormat(_ => throw new InvalidOperationException("no keys"));
        using var failing = OfStub(absent);
        var fault = Assert.ThrowsAny<Exception>(() => failing.Run(2));
        Assert.Contains("no keys", fault.ToString(), StringComparison.Ordinal);

        static void AssertSame(AttentionCase test)
        {
            using var dense = Causal(2, 1, 8, 0, F32, 40, 2);
            Assert.Equal(dense.Run(1), test.Run(1));
        }

        static AttentionCase OfStub(KvPageFormat stub)
        {
            var test = Causal(2, 1, 8, 0, F32, 40, 2);
            for (var page = 0; page < test.Pages.Length; page++)
            {
                var dense = test.Pages[page];
                test.Pages[page] = new KvPageRef(
                    dense.Keys,
                    dense.Values,
                    stub,
                    stub,
                    dense.Positions,
                    dense.Valid,
                    0,
                    0
                );
            }

            return test;
        }
    }

    [Fact]
    public void A_page_that_is_shorter_than_its_format_says_is_refused()
    {
        using var test = Causal(2, 1, 8, 0, new KvFormatPair(s_nibble, s_nibble), 40, 1);
        var page = test.Pages[1];
        foreach (var (keys, values) in ((long, long)[])[(1, 0), (0, 1)])
        {
            test.Pages[1] = new KvPageRef(
                page.Keys.Slice(keys),
                page.Values.Slice(values),
                s_nibble,
                s_nibble,
                page.Positions,
                page.Valid,
                0,
                0
            );
            Assert.Throws<ArgumentException>(() => test.Run(1));
        }
    }

    // Page i has another pair than page i + 1; all 25 pairs come in 25 pages.
    private static KvFormatPair EachPair(int page) =>
        new(
            s_formats[page % s_formats.Length],
            s_formats[(page / s_formats.Length + page) % s_formats.Length]
        );

    private static KvSlotFormat Dense(KvSlotFormat format) =>
        format == s_nibble ? KvPageFormats.F32 : format;

    private static void StoreWidened(KvPageRef from, KvPageRef to, int headDim)
    {
        if (from.KeyFormat == s_nibble)
        {
            s_nibble.WidenKeys(from.Keys, headDim, to.Keys.Cast<float>());
        }

        if (from.ValueFormat == s_nibble)
        {
            s_nibble.WidenValues(from.Values, headDim, to.Values.Cast<float>());
        }
    }
}
