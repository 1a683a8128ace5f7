using Puna.Engine.Execution.Compilation;
using Puna.Engine.Plan;
using Puna.Engine.Runtime;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Execution;

/// <summary>The tiny model with recurrences: beside attention in its even layers, as a step of its own in the odd ones.</summary>
internal static class RecurrentModel
{
    public static InferenceEngine Load(int rows = 64, int threads = 1, long? limit = null) =>
        InferenceEngine.Load(
            SharedData.Path("tiny", "llama-gqa"),
            new InferenceOptions
            {
                Threads = threads,
                Activations = ActivationFormat.F32,
                KeyFormat = KvPageFormats.F32,
                ValueFormat = KvPageFormats.F32,
                MaximumRows = rows,
                KvMemoryLimit = limit,
                Plan = Plan,
                Compilers = Compilers
                    .BuiltIn.Copy()
                    .AddBranch(new RecurrenceCompiler())
                    .AddBranch(new SideBySideCompiler()),
            }
        );

    private static LayerPlan Plan(LayerPlan plan)
    {
        var recurrent = plan with { Name = "recurrent", Layers = [.. plan.Layers.Select(Layer)] };
        LayerPlanValidator.Check(recurrent);
        return recurrent;
    }

    private static LayerSpec Layer(LayerSpec layer)
    {
        // One instance twice in a layer: each has states of its own.
        var recurrence = new RecurrenceSpec(0.7f, Modules.AttentionOutput);
        var attention = (ResidualStep)layer.Steps[0];
        return layer.Index % 2 == 0
            ? layer with
            {
                Steps =
                [
                    attention with
                    {
                        Branch = new SideBySideSpec(attention.Branch, recurrence),
                    },
                    .. layer.Steps.Skip(1),
                ],
            }
            : layer with
            {
                Steps =
                [
                    new ResidualStep(recurrence, null, null),
                    .. layer.Steps,
                    new ResidualStep(recurrence, null, null),
                ],
            };
    }
}
