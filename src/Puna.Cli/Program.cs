Console.WriteLine("puna");
return 0;
