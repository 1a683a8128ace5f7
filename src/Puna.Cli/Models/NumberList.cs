using Puna.Cli.Terminal;
using Puna.Engine;

namespace Puna.Cli.Models;

/// <summary>Reads lists of whole numbers such as <c>1,2,4</c>.</summary>
internal static class NumberList
{
    /// <summary>The numbers, in their order, each once.</summary>
    /// <param name="option">The option that holds them, for the message.</param>
    /// <param name="text">What was typed.</param>
    /// <exception cref="InputException">Something else than whole numbers and commas is there.</exception>
    public static IReadOnlyList<int> Parse(string option, string text)
    {
        var numbers = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (!NumberText.TryWhole<int>(part.AsSpan().Trim(), out var number))
            {
                throw new InputException(
                    $"{option} '{text}' has '{part.Trim()}' where a whole number is needed; write one number, or several with commas, such as 1,2,4."
                );
            }

            if (!numbers.Contains(number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }
}
