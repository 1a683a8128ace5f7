using Puna.Engine.Decoding;
using Puna.Kernels.Randomness;
using Puna.Testing;

namespace Puna.Engine.Tests.Decoding;

public sealed class SamplerTests
{
    private static readonly SamplingOptions Plain = new()
    {
        Temperature = 1,
        TopK = 0,
        TopP = 1,
        MinP = 0,
        Seed = 1,
    };

    [Fact]
    public void Greedy_takes_the_largest_and_the_lower_id_of_a_tie()
    {
        var sampler = new Sampler(SamplingOptions.Greedy, 5);
        Assert.Equal(1, sampler.Sample([0, 3, 1, 3, 2]));
        Assert.Equal(0, sampler.Sample([-2, -3, float.NegativeInfinity, -4, float.NaN]));
        Assert.Equal(2, sampler.Sample([1, 2, float.PositiveInfinity, 3, 4]));
        Assert.Equal(0UL, sampler.Position);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(49152)]
    [InlineData(128_000)]
    public void Greedy_equals_a_plain_search(int vocabulary)
    {
        var sampler = new Sampler(SamplingOptions.Greedy, vocabulary);
        for (var seed = 0UL; seed < 20; seed++)
        {
            var logits = RandomLogits(vocabulary, seed);
            var best = Array.IndexOf(logits, logits.Max());
            Assert.Equal(best, sampler.Sample(logits));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_ids_and_another_seed_others()
    {
        Assert.Equal(Draw(7), Draw(7));
        Assert.NotEqual(Draw(7), Draw(8));

        static int[] Draw(ulong seed) => DrawMany(new Sampler(Plain with { Seed = seed }, 500), 50);
    }

    [Fact]
    public void Without_a_seed_a_fresh_one_is_taken_and_repeats_the_run()
    {
        var first = new Sampler(Plain with { Seed = null }, 500);
        var second = new Sampler(Plain with { Seed = null }, 500);
        Assert.NotEqual(first.Seed, second.Seed);
        var again = new Sampler(Plain with { Seed = first.Seed }, 500);
        Assert.Equal(DrawMany(first, 50), DrawMany(again, 50));
    }

    [Fact]
    public void A_stored_position_continues_the_run()
    {
        var sampler = new Sampler(Plain, 500);
        DrawMany(sampler, 13);
        var position = sampler.Position;
        var rest = DrawMany(sampler, 20);
        var other = new Sampler(Plain, 500) { Position = position };
        Assert.Equal(rest, DrawMany(other, 20));
    }

    [Fact]
    public void Draws_follow_the_distribution()
    {
        float[] logits = [1, 0, -1, 2, 0.5f, float.NegativeInfinity];
        var sampler = new Sampler(Plain with { Temperature = 0.7f }, logits.Length);
        var counts = new int[logits.Length];
        const int draws = 50_000;
        for (var i = 0; i < draws; i++)
        {
            counts[sampler.Sample([.. logits])]++;
        }

        var weights = logits.Select(x => Math.Exp(x / 0.7)).ToArray();
        var statistic = 0.0;
        for (var i = 0; i < 5; i++)
        {
            var expected = draws * weights[i] / weights.Sum();
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
        }

        Assert.Equal(0, counts[5]);
        Assert.InRange(statistic, 0, Tolerance.ChiSquare(4));
    }

    [Fact]
    public void Presence_and_frequency_count_generated_ids_only()
    {
        var options = Plain with { PresencePenalty = 0.5f, FrequencyPenalty = 0.25f };
        var sampler = new Sampler(options, 4);
        sampler.Begin([0, 0, 1]);
        sampler.Accept(1);
        sampler.Accept(2);
        sampler.Accept(2);
        float[] logits = [1, 1, 1, 1];
        sampler.Distribution(logits);
        Assert.Equal([1, 0.25f, 0, 1], logits);
    }

    [Fact]
    public void Repetition_covers_prompt_and_generated_ids_once_each()
    {
        var sampler = new Sampler(Plain with { RepetitionPenalty = 2 }, 5);
        sampler.Begin([0, 0, 1]);
        sampler.Accept(2);
        sampler.Accept(2);
        float[] logits = [4, -4, 2, 3, -3];
        sampler.Distribution(logits);
        Assert.Equal([2, -8, 1, 3, -3], logits);
    }

    [Fact]
    public void Bias_comes_before_the_penalties()
    {
        var options = Plain with
        {
            RepetitionPenalty = 2,
            PresencePenalty = 1,
            LogitBias = new Dictionary<int, float> { [0] = 5, [2] = float.NegativeInfinity },
        };
        var sampler = new Sampler(options, 3);
        sampler.Accept(0);
        float[] logits = [-1, 1, 9];
        sampler.Distribution(logits);
        Assert.Equal([1, 1, float.NegativeInfinity], logits);
    }

    [Fact]
    public void A_retracted_id_and_a_new_sequence_leave_no_trace()
    {
        var options = Plain with
        {
            RepetitionPenalty = 1.5f,
            PresencePenalty = 0.5f,
            FrequencyPenalty = 0.25f,
        };
        var sampler = new Sampler(options, 4);
        sampler.Begin([3]);
        sampler.Accept(1);
        sampler.Accept(2);
        sampler.Accept(1);
        sampler.Retract(1);
        sampler.Retract(2);
        float[] logits = [1, 1, 1, 1];
        sampler.Distribution(logits);
        Assert.Equal([1, (1 / 1.5f) - 0.75f, 1, 1 / 1.5f], logits);

        sampler.Begin([]);
        logits = [1, 1, 1, 1];
        sampler.Distribution(logits);
        Assert.Equal([1, 1, 1, 1], logits);
    }

    [Fact]
    public void Top_k_keeps_every_tie_at_its_border_even_beyond_the_usual_room()
    {
        const int vocabulary = 5000;
        var sampler = new Sampler(Plain with { TopK = 3 }, vocabulary);
        var logits = new float[vocabulary];
        logits[10] = 2;
        logits[20] = 1;
        Assert.Equal(vocabulary, sampler.Distribution(logits).Ids.Length);
        logits[30] = 1;
        Assert.Equal([10, 20, 30], sampler.Distribution(logits).Ids.ToArray());
    }

    [Theory]
    [InlineData(1e-30f)]
    [InlineData(100f)]
    public void Extreme_temperatures_and_logits_stay_numbers(float temperature)
    {
        var sampler = new Sampler(
            Plain with
            {
                Temperature = temperature,
                TypicalP = 0.9f,
                Epsilon = 1e-4f,
                TopK = 5,
                TopP = 0.9f,
                MinP = 0.01f,
            },
            4
        );
        float[][] rows =
        [
            [float.MaxValue, -float.MaxValue, 0, 1],
            [float.MaxValue, float.MaxValue, float.NaN, float.NegativeInfinity],
            [-1e30f, -1e30f, -1e30f, -1e30f],
            [float.PositiveInfinity, 1, 2, 3],
        ];
        foreach (var row in rows)
        {
            Assert.InRange(sampler.Sample([.. row]), 0, 3);
            var distribution = sampler.Distribution([.. row]);
            Assert.True(double.IsFinite(distribution.Total) && distribution.Total > 0);
        }
    }

    [Fact]
    public void Rows_without_a_number_are_refused_with_a_sentence()
    {
        var sampler = new Sampler(Plain, 2);
        var error = Assert.Throws<InputException>(() =>
            sampler.Sample([float.NaN, float.NegativeInfinity])
        );
        Assert.Contains("No token can be drawn", error.Message);
    }

    [Theory]
    [InlineData(0f, 0, 1f, 1f, 0f)]
    [InlineData(0.8f, 40, 0.95f, 1f, 0f)]
    [InlineData(0.8f, 0, 0.95f, 1f, 0f)]
    [InlineData(0.8f, 40, 0.95f, 0.9f, 0.001f)]
    public void A_token_allocates_nothing(
        float temperature,
        int k,
        float p,
        float typical,
        float epsilon
    )
    {
        const int vocabulary = 4096;
        var options = Plain with
        {
            Temperature = temperature,
            TopK = k,
            TopP = p,
            TypicalP = typical,
            Epsilon = epsilon,
            MinP = 0.05f,
            RepetitionPenalty = 1.1f,
            PresencePenalty = 0.1f,
            FrequencyPenalty = 0.1f,
            LogitBias = new Dictionary<int, float> { [3] = 1 },
        };
        var sampler = new Sampler(options, vocabulary);
        var logits = RandomLogits(vocabulary, 1);
        var work = new float[vocabulary];
        sampler.Begin([1, 2, 3]);
        Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Step();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Step()
        {
            logits.CopyTo(work, 0);
            sampler.Accept(sampler.Sample(work));
        }
    }

    public static TheoryData<SamplingOptions, string> Invalid =>
        new()
        {
            { Plain with { Temperature = -0.1f }, "The temperature is -0.1;" },
            { Plain with { Temperature = float.NaN }, "The temperature is NaN;" },
            { Plain with { Temperature = 101 }, "The temperature is 101;" },
            { Plain with { TopK = -1 }, "The top-k is -1;" },
            { Plain with { TopP = 0 }, "The top-p is 0;" },
            { Plain with { TopP = 1.5f }, "The top-p is 1.5;" },
            { Plain with { MinP = -1 }, "The min-p is -1;" },
            { Plain with { MinP = 2 }, "The min-p is 2;" },
            { Plain with { TypicalP = 0 }, "The typical is 0;" },
            { Plain with { Epsilon = 1 }, "The epsilon is 1;" },
            { Plain with { RepetitionPenalty = 0 }, "The repetition penalty is 0;" },
            { Plain with { PresencePenalty = float.PositiveInfinity }, "The presence penalty is" },
            { Plain with { FrequencyPenalty = -101 }, "The frequency penalty is -101;" },
            {
                Plain with
                {
                    LogitBias = new Dictionary<int, float> { [10] = 1 },
                },
                "The logit bias names token 10, but ids go from 0 to 9."
            },
            {
                Plain with
                {
                    LogitBias = new Dictionary<int, float> { [-1] = 1 },
                },
                "The logit bias names token -1"
            },
            {
                Plain with
                {
                    LogitBias = new Dictionary<int, float> { [1] = float.NaN },
                },
                "The logit bias of token 1 is NaN;"
            },
        };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Values_outside_their_range_are_refused_with_a_sentence(
        SamplingOptions options,
        string beginning
    )
    {
        var error = Assert.Throws<InputException>(() => new Sampler(options, 10));
        Assert.StartsWith(beginning, error.Message);
        Assert.EndsWith(".", error.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Partial_selection_equals_full_sorting(int seed)
    {
        // An independent chain in double, by sorting, over many random rows with ties.
        var random = new PhiloxRandom((ulong)seed);
        for (var round = 0; round < 100; round++)
        {
            var vocabulary = 2 + (int)(random.NextUInt64() % 300);
            var options = Plain with
            {
                Temperature = 0.3f + (float)random.NextDouble(),
                TopK = (int)(random.NextUInt64() % 60),
                TopP = (float)(0.05 + (random.NextDouble() * 0.9)),
                MinP = (float)random.NextDouble() * 0.2f,
            };
            var logits = new float[vocabulary];
            foreach (ref var logit in logits.AsSpan())
            {
                logit = MathF.Round((float)random.NextDouble() * 40) / 4;
            }

            var expected = SortedChain(logits, options);
            var actual = new Sampler(options, vocabulary).Distribution(logits).Ids.ToArray();
            Assert.Equal(expected, actual);
        }
    }

    private static int[] SortedChain(float[] logits, SamplingOptions options)
    {
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ToList();
        if (options.TopK > 0 && options.TopK < order.Count)
        {
            var border = logits[order[options.TopK - 1]];
            order.RemoveAll(i => logits[i] < border);
        }

        var weights = order.ConvertAll(i =>
            Math.Exp((logits[i] - logits[order[0]]) / options.Temperature)
        );
        var (sum, kept) = (0.0, 0);
        while (kept < order.Count && sum < options.TopP * weights.Sum())
        {
            sum += weights[kept++];
        }

        return
        [
            .. Enumerable
                .Range(0, kept)
                .Where(i => weights[i] >= options.MinP)
                .Select(i => order[i])
                .Order(),
        ];
    }

    private static int[] DrawMany(Sampler sampler, int count)
    {
        var ids = new int[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = sampler.Sample(RandomLogits(sampler.VocabularySize, 99));
        }

        return ids;
    }

    private static float[] RandomLogits(int vocabulary, ulong seed)
    {
        var random = new PhiloxRandom(seed, 5);
        var logits = new float[vocabulary];
        foreach (ref var logit in logits.AsSpan())
        {
            logit = (float)(random.NextDouble() * 20) - 10;
        }

        return logits;
    }
}
