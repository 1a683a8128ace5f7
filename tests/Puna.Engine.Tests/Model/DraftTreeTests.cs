using Puna.Engine.Execution;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>Nodes of a draft tree see the committed tokens and their own ancestors only.</summary>
public sealed class DraftTreeTests
{
    public static TheoryData<string, int> Prompts =>
        new MatrixTheoryData<string, int>(
            ReferenceCases.TinyNames().DefaultIfEmpty(ReferenceCases.None),
            [5, 30, 40]
        );

    [Theory]
    [MemberData(nameof(Prompts))]
    [Trait("reference", "tiny")]
    public void Every_path_of_a_tree_gives_the_logits_of_its_own_sequence(string name, int prompt)
    {
        using var model = new ModelHarness(SharedData.Path("tiny", name));
        var random = new Random(3);
        int[] Ids(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => random.Next(model.Vocabulary))];
        var committed = Ids(prompt);
        int[] parents = [-1, 0, 0, 1, 1, 2, 5, 3];
        var tokens = Ids(parents.Length);
        using var sequence = model.Cache.CreateSequence();
        model.Step(sequence, committed);

        model.Forward.Run(tokens, [new Segment(sequence, tokens.Length, parents)]);

        var actual = model.TailLogits(tokens.Length);
        for (var node = 0; node < parents.Length; node++)
        {
            var path = new List<int>();
            for (var ancestor = node; ancestor >= 0; ancestor = parents[ancestor])
            {
                path.Insert(0, tokens[ancestor]);
            }

            var expected = model.Logits([.. committed, .. path])[^1];
            Assert.True(
                ModelHarness.RelativeError(actual[node], expected) <= Tolerance.Chunking,
                $"node {node}"
            );
        }
    }

    [Fact]
    public void The_accepted_path_can_be_kept_and_continued()
    {
        using var model = new ModelHarness(SharedData.Path("tiny", "llama-gqa"));
        int[] committed = [.. Enumerable.Range(1, 30)];
        using var sequence = model.Cache.CreateSequence();
        model.Step(sequence, committed);
        model.Forward.Run([50, 51, 52, 53], [new Segment(sequence, 4, (int[])[-1, 0, 0, 2])]);
        sequence.Compact([0, 2, 3]);
        sequence.Commit([50, 52, 53], []);

        var actual = model.Step(sequence, [60])[0];

        var expected = model.Logits([.. committed, 50, 52, 53, 60])[^1];
        Assert.True(ModelHarness.RelativeError(actual, expected) <= Tolerance.Chunking);
    }
}
