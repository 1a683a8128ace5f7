namespace Puna.Engine.Plan;

/// <summary>The static check of a plan, made once before anything is loaded or computed.</summary>
internal static class LayerPlanValidator
{
    /// <summary>Checks that producers precede readers, shapes agree and every size is usable.</summary>
    /// <exception cref="InputException">The first thing that does not hold.</exception>
    public static void Check(LayerPlan plan)
    {
        var config = plan.Config;
        Require(plan.Layers.Count > 0, "The plan has no layers.");
        Require(
            config.HiddenSize > 0 && config.VocabularySize > 0 && config.ContextLength > 0,
            $"The plan needs a hidden size, vocabulary and context above 0; found {config.HiddenSize}, {config.VocabularySize} and {config.ContextLength}."
        );
        Require(
            float.IsFinite(config.NormEpsilon) && config.NormEpsilon >= 0,
            $"The norm's epsilon is {config.NormEpsilon}; a number of at least 0 is needed."
        );
        for (var index = 0; index < plan.Layers.Count; index++)
        {
            Require(
                plan.Layers[index].Index == index,
                $"Layer {index} of the plan calls itself {plan.Layers[index].Index}."
            );
        }

        CheckBanks(plan);
        foreach (var layer in plan.Layers)
        {
            var scope = new PlanScope(plan, layer.Index);
            foreach (var step in layer.Steps)
            {
                step.Check(scope);
            }
        }

        CheckNames(plan);
    }

    private static void CheckBanks(LayerPlan plan)
    {
        foreach (var layer in plan.Layers)
        {
            foreach (var bank in BanksOf(plan, layer))
            {
                Require(
                    bank >= 0 && bank < plan.Banks.Count,
                    $"Layer {layer.Index} reads bank {bank}; the plan has {plan.Banks.Count}."
                );
                Require(
                    plan.Banks[bank].Producer <= layer.Index,
                    $"Layer {layer.Index} reads a bank that layer {plan.Banks[bank].Producer} makes later."
                );
            }
        }

        for (var index = 0; index < plan.Banks.Count; index++)
        {
            var bank = plan.Banks[index];
            Require(bank.Id == index, $"Bank {index} of the plan calls itself {bank.Id}.");
            Require(
                bank.Heads > 0 && bank.HeadDim > 0,
                $"Bank {index} has {bank.Heads} heads of {bank.HeadDim}; both must be above 0."
            );
            Require(
                (long)bank.Heads * bank.HeadDim <= ModelConfigRules.LargestSize,
                $"Bank {index} has {bank.Heads} heads of {bank.HeadDim}, together more than {ModelConfigRules.LargestSize}."
            );
            Require(
                bank.Producer >= 0
                    && bank.Producer < plan.Layers.Count
                    && BanksOf(plan, plan.Layers[bank.Producer]).Contains(index),
                $"Bank {index} names layer {bank.Producer} as its producer, which does not read it."
            );
        }
    }

    // Two branches that claim one tensor would each load and train a copy of it.
    private static void CheckNames(LayerPlan plan)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var spec in plan.Parameters())
        {
            Require(
                names.Add(spec.Name),
                $"The plan has the tensor '{spec.Name}' twice: two of its branches claim it."
            );
        }
    }

    private static IEnumerable<int> BanksOf(LayerPlan plan, LayerSpec layer) =>
        plan.States(layer).OfType<PagedKvState>().Select(state => state.Bank);

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new InputException(sentence);
        }
    }
}
