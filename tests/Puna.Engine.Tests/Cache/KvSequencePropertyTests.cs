using Puna.Engine.Cache;
using Puna.Kernels.Attention;

namespace Puna.Engine.Tests.Cache;

/// <summary>Random operations on a family of forks against plain lists; after each one every member is compared.</summary>
public sealed class KvSequencePropertyTests
{
    [Theory]
    [InlineData("f32", "f32", 1)]
    [InlineData("f16", "f16", 2)]
    [InlineData("bf16", "bf16", 3)]
    [InlineData("int8", "int8", 4)]
    [InlineData("f16", "int8", 5)]
    [InlineData("int8", "f32", 6)]
    [InlineData("f32", "f32", 7, KvEffects.PerHead)]
    [InlineData("f16", "int8", 8, KvEffects.PerHead)]
    public void Content_equals_plain_lists_after_any_mixture_of_operations(
        string keys,
        string values,
        int seed,
        object? effects = null
    )
    {
        using var fixture = new CacheFixture(
            KvPageFormats.Find(keys)!,
            KvPageFormats.Find(values)!,
            policies: effects is KvEffects given
                ? new KvPolicyChain([new PassivePolicy(given)], KvNeeds.None)
                : null
        );
        var random = new Random(seed);
        var family = new List<(KvSequence Sequence, SequenceModel Model)>
        {
            (fixture.Cache.CreateSequence(), new SequenceModel()),
        };
        var token = 0;
        for (var step = 0; step < 600; step++)
        {
            var index = random.Next(family.Count);
            var (sequence, model) = family[index];
            switch (random.Next(14))
            {
                case < 4:
                    Append(fixture, random, sequence, model, ref token);
                    break;
                case < 6:
                    var commit = random.Next(model.Tail.Count + 1);
                    sequence.Commit(new int[commit]);
                    model.Commit(commit);
                    break;
                case 6:
                    Truncate(random, sequence, model);
                    break;
                case 7:
                    int[] kept =
                    [
                        .. Enumerable.Range(0, model.Tail.Count).Where(_ => random.Next(3) > 0),
                    ];
                    sequence.Compact(kept);
                    model.Compact(kept);
                    break;
                case 8 when model.Tail.Count == 0 && family.Count < 6:
                    family.Add((sequence.Fork(), model.Fork()));
                    break;
                case 9 when family.Count > 2:
                    sequence.Dispose();
                    family.RemoveAt(index);
                    break;
                case 10 when model.Tail.Count == 0:
                    var from = random.Next(model.LogicalLength + 1);
                    var to = from + random.Next(40);
                    Assert.Equal(model.Drop(from, to), sequence.Drop(from, to));
                    break;
                case 11 when model.Tail.Count == 0:
                    Shift(random, sequence, model);
                    break;
                case 12 when model.Tail.Count == 0:
                    Insert(fixture, random, sequence, model, ref token);
                    break;
                case 13 when model.Tail.Count == 0:
                    foreach (var lane in sequence.Lanes)
                    {
                        lane.Pack();
                        Assert.Equal(Runs(lane), lane.Count);
                    }

                    break;
            }

            CompareAll(fixture, family);
        }

        foreach (var (sequence, _) in family)
        {
            sequence.Dispose();
        }

        Assert.Equal(0, fixture.Cache.LiveBlocks);
        Assert.Equal(default, fixture.Cache.Bytes);
    }

    private static void Append(
        CacheFixture fixture,
        Random random,
        KvSequence sequence,
        SequenceModel model,
        ref int token
    )
    {
        // Short and long, and often up to a page border or one beside it.
        var count = random.Next(4) switch
        {
            0 => 1,
            1 => random.Next(6),
            2 => 31 + random.Next(3),
            _ => random.Next(70),
        };
        if (model.Committed.Count + model.Tail.Count > 200)
        {
            count = 0;
        }

        var tokens = new int[count];
        for (var index = 0; index < count; index++)
        {
            tokens[index] = token++;
            model.Tail.Add((model.NextPosition, tokens[index]));
        }

        fixture.Append(sequence, tokens);
    }

    private static void Truncate(Random random, KvSequence sequence, SequenceModel model)
    {
        // Mostly the near past, as when a chat message is taken back.
        var back = random.Next(5) == 0 ? model.LogicalLength : Math.Min(40, model.LogicalLength);
        var length = model.LogicalLength - random.Next(back + 1);
        sequence.Truncate(length);
        model.Truncate(length);
    }

    private static void Insert(
        CacheFixture fixture,
        Random random,
        KvSequence sequence,
        SequenceModel model,
        ref int token
    )
    {
        if (model.Committed.Count > 200)
        {
            return;
        }

        var position = random.Next(model.LogicalLength + 1);
        var count = 1 + random.Next(40);
        sequence.Insert(position, count);
        model.Insert(position, count);
        for (var done = 0; done < count; )
        {
            var tokens = Enumerable.Range(token, 1 + random.Next(count - done)).ToArray();
            fixture.Append(sequence, tokens);
            sequence.Commit(tokens);
            foreach (var id in tokens)
            {
                model.Fill(position + done++, id);
            }

            token += tokens.Length;
        }
    }

    // Blocks that packed slots take: runs of entries at one offset are rounded up by themselves.
    private static int Runs(KvLane lane)
    {
        var blocks = 0;
        for (var start = 0; start < lane.Count; )
        {
            var (end, slots) = (start, 0);
            while (end < lane.Count && lane[end].Offset == lane[start].Offset)
            {
                slots += lane[end++].Count;
            }

            blocks += KvCache.BlocksFor(slots);
            start = end;
        }

        return blocks;
    }

    private static void Shift(Random random, KvSequence sequence, SequenceModel model)
    {
        var from = random.Next(model.LogicalLength + 1);
        var to =
            random.Next(2) == 0 ? model.LogicalLength : random.Next(from, model.LogicalLength + 1);
        var most = to == model.LogicalLength ? 20 : model.LogicalLength - to;
        var delta = random.Next(-Math.Min(from, 20), Math.Min(20, most) + 1);
        var length = to == model.LogicalLength ? to + delta : model.LogicalLength;
        if (model.Committed.Exists(slot => slot.Position >= length && slot.Position < from))
        {
            Assert.Throws<InvalidOperationException>(() => sequence.Shift(from, to, delta));
            return;
        }

        sequence.Shift(from, to, delta);
        model.Shift(from, to, delta);
    }

    private static void CompareAll(
        CacheFixture fixture,
        List<(KvSequence Sequence, SequenceModel Model)> family
    )
    {
        foreach (var (sequence, model) in family)
        {
            Assert.Equal(model.LogicalLength, sequence.LogicalLength);
            Assert.Equal(model.Committed.Count, sequence.Lanes[^1].PhysicalLength);
            Assert.Equal(model.Tail.Count, sequence.TailLength);
            Assert.Equal(model.Sorted(), fixture.Read(sequence));
        }
    }
}
