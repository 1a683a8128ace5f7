namespace Puna.Engine.Plan;

/// <summary>The static check of a plan, made once before anything is loaded or computed.</summary>
public static class LayerPlanValidator
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
        for (var index = 0; index < plan.Banks.Count; index++)
        {
            var bank = plan.Banks[index];
            Require(bank.Id == index, $"Bank {index} of the plan calls itself {bank.Id}.");
            Require(
                bank.Heads > 0 && bank.HeadDim > 0,
                $"Bank {index} has {bank.Heads} heads of {bank.HeadDim}; both must be above 0."
            );
            Require(
                bank.Producer >= 0
                    && bank.Producer < plan.Layers.Count
                    && plan.Layers[bank.Producer].Attention.Bank == index,
                $"Bank {index} names layer {bank.Producer} as its producer, which does not read it."
            );
        }

        foreach (var layer in plan.Layers)
        {
            Check(plan, layer);
        }
    }

    private static void Check(LayerPlan plan, LayerSpec layer)
    {
        var attention = layer.Attention;
        Require(
            attention.Bank >= 0 && attention.Bank < plan.Banks.Count,
            $"Layer {layer.Index} reads bank {attention.Bank}; the plan has {plan.Banks.Count}."
        );
        var bank = plan.Banks[attention.Bank];
        Require(
            bank.Producer <= layer.Index,
            $"Layer {layer.Index} reads a bank that layer {bank.Producer} makes later."
        );
        Require(
            attention.Heads > 0 && attention.Heads % bank.Heads == 0,
            $"Layer {layer.Index} has {attention.Heads} query heads, which the {bank.Heads} heads of its bank do not divide."
        );
        Require(
            attention.HeadDim == bank.HeadDim,
            $"Layer {layer.Index} has heads of {attention.HeadDim}, its bank of {bank.HeadDim}."
        );
        Require(
            !attention.Rotary || attention.HeadDim % 2 == 0,
            $"Layer {layer.Index} rotates heads of {attention.HeadDim}; rotation needs an even width."
        );
        Require(
            attention.Rotary == plan.Layers[bank.Producer].Attention.Rotary,
            $"Layer {layer.Index} and layer {bank.Producer}, whose keys it reads, differ in whether they rotate."
        );
        Require(
            attention.Mask.Window >= 0,
            $"Layer {layer.Index} has a window of {attention.Mask.Window}."
        );
        Require(layer.Mlp.Width > 0, $"Layer {layer.Index} has an MLP of width {layer.Mlp.Width}.");
    }

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new InputException(sentence);
        }
    }
}
