using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Tests.Lanes;
using Puna.Kernels.Threads;
using static Puna.Kernels.Tests.Attention.AttentionCases;

namespace Puna.Kernels.Tests.Attention;

public sealed class PagedAttentionTests
{
    [Theory]
    [MemberData(nameof(Formats), MemberType = typeof(AttentionCases))]
    public void The_result_equals_the_definition_for_all_head_sizes_and_groups(
        string keys,
        string values
    )
    {
        foreach (var headDim in (int[])[1, 3, 8, 12, 16, 20, 32, 64, 80, 96, 128])
        {
            foreach (
                var (heads, kvHeads) in ((int, int)[])[(2, 2), (3, 1), (8, 2), (5, 1), (40, 1)]
            )
            {
                foreach (var tokens in (int[])[1, 2, 5])
                {
                    using var test = Causal(
                        heads,
                        kvHeads,
                        headDim,
                        0,
                        Pair(keys, values),
                        70,
                        tokens
                    );
                    AssertDefinition(test, test.Run(1));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Every_width_follows_the_definition_and_stays_inside_its_memory(int width)
    {
        foreach (var (keys, values) in AttentionCases.Formats.Select(row => row.Data))
        {
            foreach (var headDim in (int[])[1, 5, 8, 20, 64])
            {
                foreach (var tokens in (int[])[1, 3, 11])
                {
                    var past = 270 + headDim;
                    using var test = Causal(
                        3,
                        1,
                        headDim,
                        0,
                        Pair(keys, values),
                        past,
                        tokens,
                        true
                    );
                    var whole = test.RunBody(width, split: false);
                    AssertDefinition(test, whole);
                    if (tokens * 3 <= TileScratch.Rows)
                    {
                        Assert.Equal(whole, test.RunBody(width, split: true));
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats), MemberType = typeof(AttentionCases))]
    public void The_result_equals_the_definition_for_prompts_and_windows(string keys, string values)
    {
        foreach (var window in (int[])[0, 1, 7, 32, 100])
        {
            foreach (var tokens in (int[])[1, 33, 70])
            {
                using var test = Causal(6, 2, 24, window, Pair(keys, values), 300, tokens);
                AssertDefinition(test, test.Run(2));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats), MemberType = typeof(AttentionCases))]
    public void Holes_and_unordered_positions_are_respected(string keys, string values)
    {
        var random = new Random(5);
        foreach (var tokens in (int[])[1, 2, 33])
        {
            using var test = new AttentionCase(
                Shape(4, 2, 16, 90),
                _ => Pair(keys, values),
                20,
                1,
                17
            );
            for (var head = 0; head < 2; head++)
            {
                for (var slot = 0; slot < 20 * 32; slot++)
                {
                    if (random.Next(3) != 0 && slot / 32 != 4)
                    {
                        test.Write(head, slot, random.Next(400));
                    }
                }
            }

            test.Ask([.. Enumerable.Range(0, tokens).Select(_ => random.Next(420))]);
            AssertDefinition(test, test.Run(2));
        }
    }

    [Theory]
    [MemberData(nameof(Formats), MemberType = typeof(AttentionCases))]
    public void A_page_with_an_offset_is_read_with_its_own_queries_and_positions(
        string keys,
        string values
    )
    {
        foreach (var tokens in (int[])[1, 5, 33])
        {
            using var test = new AttentionCase(
                Shape(3, 3, 20, 0),
                _ => Pair(keys, values),
                5,
                3,
                23
            );
            test.Fill(150);
            test.SetOffset(1, -20, 1);
            test.SetOffset(2, 1000, 2);
            test.SetOffset(3, -20, 1);
            test.Ask([.. Enumerable.Range(100, tokens)]);
            AssertDefinition(test, test.Run(2));
        }
    }

    [Theory]
    [MemberData(nameof(EachFormat), MemberType = typeof(AttentionCases))]
    public void Tail_masks_hide_the_branches_of_a_draft_tree(string format)
    {
        // 60 committed tokens, then a tree of 5 in slots 60..64: 0 -> (1, 2), 1 -> 3, 2 -> 4.
        using var test = new AttentionCase(Shape(4, 2, 16, 0), _ => Pair(format, format), 3, 1, 31);
        test.Fill(60);
        int[] depths = [0, 1, 1, 2, 2];
        for (var node = 0; node < 5; node++)
        {
            test.Write(0, 60 + node, 60 + depths[node]);
            test.Write(1, 60 + node, 60 + depths[node]);
        }

        test.Ask([.. depths.Select(depth => 60 + depth)]);
        ulong[] seen = [0b00001, 0b00011, 0b00101, 0b01011, 0b10101];
        test.TailPages = 2;
        test.TailMasks =
        [
            .. seen.SelectMany(nodes =>
            {
                var slots = new UInt128(nodes >> 4, (nodes << 60) | 0x0FFF_FFFF_FFFF_FFFF);
                return new[] { (uint)(slots >> 32), (uint)(slots >> 64) };
            }),
        ];
        AssertDefinition(test, test.Run(1));

        test.TailMasks = [.. test.TailMasks.Select(_ => uint.MaxValue)];
        var all = test.Run(1);
        (test.TailMasks, test.TailPages) = ([], 0);
        Assert.Equal(test.Run(1), all);
    }

    [Fact]
    public void A_query_that_sees_nothing_gives_zeros()
    {
        using var test = new AttentionCase(Shape(2, 1, 16, 10), _ => F32, 2, 1, 1);
        test.Fill(40);
        test.Ask(-1, 60, 49, 39);
        var result = test.Run(2);
        Assert.All(result.Take(3 * 32), x => Assert.Equal(0, x));
        Assert.Contains(result.Skip(3 * 32), x => x != 0);
        AssertDefinition(test, result);
    }

    [Fact]
    public void An_empty_cache_gives_zeros()
    {
        using var test = new AttentionCase(Shape(2, 1, 16, 0), _ => F32, 0, 1, 1);
        test.Ask(3);
        Assert.All(test.Run(2), x => Assert.Equal(0, x));
    }

    [Fact]
    public void A_window_of_one_gives_the_own_value_and_equal_keys_give_the_mean()
    {
        using var own = Causal(1, 1, 16, 1, F32, 300, 3);
        var value = PageSlots.ReadValue(
            KvPageFormats.F32,
            16,
            own.Pages[302 / 32].Values,
            302 % 32
        );
        Assert.Equal(value, own.Run(1).AsSpan(32).ToArray());

        using var equal = new AttentionCase(Shape(1, 1, 4, 0), _ => F32, 16, 1, 1);
        equal.Fill(512);
        for (var slot = 0; slot < 512; slot++)
        {
            var page = equal.Pages[slot / 32];
            PageSlots.WriteKey(KvPageFormats.F32, 4, page.Keys, slot % 32, [1, 2, 3, 4]);
            PageSlots.WriteValue(KvPageFormats.F32, 4, page.Values, slot % 32, [slot, 1, -slot, 0]);
        }

        equal.Ask(511);
        Assert.Equal([255.5f, 1, -255.5f, 0], equal.Run(1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    public void The_least_and_the_greatest_f16_numbers_are_read_exactly(int tokens)
    {
        using var test = Causal(1, 1, 4, 0, Pair("f16", "f16"), 32 - tokens, tokens);
        float[] row = [(float)Half.Epsilon, -(float)Half.MaxValue, -3e-5f, 6.2e-5f];
        for (var slot = 0; slot < 32; slot++)
        {
            PageSlots.WriteKey(
                KvPageFormats.F16,
                4,
                test.Pages[0].Keys,
                slot,
                [1e-6f, 0, 3e-5f, 1]
            );
            PageSlots.WriteValue(KvPageFormats.F16, 4, test.Pages[0].Values, slot, row);
        }

        // Equal keys give equal weights, so that the mean of equal values is the value; 32 slots divide exactly.
        test.Ask([.. Enumerable.Repeat(31, tokens)]);
        var expected = row.Select(x => (float)(Half)x).ToArray();
        Assert.All(test.Run(1).Chunk(4), result => Assert.Equal(expected, result));
    }

    [Fact]
    public void Scores_far_apart_neither_overflow_nor_lose_the_winner()
    {
        var shape = Shape(1, 1, 2, 0) with { Scale = 1e4f };
        using var test = new AttentionCase(shape, _ => F32, 20, 1, 1);
        test.Fill(640);
        test.Ask(639);
        for (var slot = 0; slot < 640; slot++)
        {
            var page = test.Pages[slot / 32];
            PageSlots.WriteKey(
                KvPageFormats.F32,
                2,
                page.Keys,
                slot % 32,
                slot == 345 ? [1e15f, 0] : [-1e15f, 0]
            );
        }

        test.Queries[0] = 1e15f;
        var expected = PageSlots.ReadValue(KvPageFormats.F32, 2, test.Pages[10].Values, 25);
        Assert.Equal(expected, test.Run(1));
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        using var test = Causal(4, 2, 8, 0, F32, 40, 2);
        using var attention = new PagedAttention();
        using var pool = new WorkerPool(1);
        using var output = new NativeBuffer<float>(2 * 4 * 8);
        Refused(test.Shape with { QueryHeads = 5 }, test.Pages, output.Span);
        Refused(test.Shape with { HeadDim = 9 }, test.Pages, output.Span);
        Refused(test.Shape with { Window = -1 }, test.Pages, output.Span);
        Refused(test.Shape, test.Pages[1..], output.Span);
        Refused(test.Shape, test.Pages, output.Span.Slice(1));
        test.SetOffset(0, 5, 1);
        Refused(test.Shape, test.Pages, output.Span);

        void Refused(AttentionShape shape, KvPageRef[] pages, NativeSpan<float> result) =>
            Assert.ThrowsAny<ArgumentException>(() =>
                attention.Forward(
                    shape,
                    test.Queries,
                    test.QueryPositions,
                    pages,
                    test.PagesPerHead,
                    result,
                    pool
                )
            );
    }
}
